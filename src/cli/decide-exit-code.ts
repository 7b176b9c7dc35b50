/** The exit codes of the command line, in one place. Pure. */
import { type JobOutcome, MillraceError } from '../index.ts';
import type { StopSignal } from './runner.ts';
import { UsageError } from './usage-error.ts';

export const EXIT_DONE: number = 0;
export const EXIT_FAILED: number = 1;
export const EXIT_USAGE: number = 2;

export function signalExitCode(signal: StopSignal): number {
  return signal === 'SIGINT' ? 130 : 143;
}

/** A drain that a signal asked for ends with the signal's code, unless the job failed on the way. */
export function decideExitCode(outcome: JobOutcome, signal: StopSignal | undefined): number {
  if (outcome.kind === 'failed') return EXIT_FAILED;
  return signal === undefined ? EXIT_DONE : signalExitCode(signal);
}

/**
 * For what a command threw before anything ran. 2 for mistakes of the user: wrong words, options, job file, plan, or state of
 * another job. A directory in use by another process is no mistake of this kind.
 */
export function decideErrorExitCode(error: unknown): number {
  if (error instanceof UsageError) return EXIT_USAGE;
  const isMistake =
    error instanceof MillraceError &&
    error.domain === 'user' &&
    error.recovery === 'none' &&
    error.code !== 'ERR_LOCKED';
  return isMistake ? EXIT_USAGE : EXIT_FAILED;
}
