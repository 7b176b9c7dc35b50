/**
 * Crash points armed from outside, for tests of the built package: `MILLRACE_CRASH_AT=name#nth` ends the process with SIGKILL
 * when the named point is passed for the nth time in this thread. Without the variable nothing happens.
 */
import type { CrashPoint } from './execution/crash-points.ts';
import { noCrashPoint } from './execution/crash-points.ts';

export function createCrashPoint(environment: Readonly<Record<string, string | undefined>>): CrashPoint {
  const armed = environment['MILLRACE_CRASH_AT'];
  if (armed === undefined) return noCrashPoint;
  const [wanted, nth] = armed.split('#');
  let remaining = Number(nth ?? 1);
  return (name) => {
    if (name !== wanted) return;
    remaining--;
    if (remaining === 0) process.kill(process.pid, 'SIGKILL');
  };
}
