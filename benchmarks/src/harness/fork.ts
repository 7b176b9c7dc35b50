/** Every measurement runs in a Node process of its own: nobody's heap, compiled code or threads reach another's figures. */
import { type ChildProcess, fork } from 'node:child_process';

const SETTINGS_VARIABLE = 'MILLRACE_BENCHMARK';

/** `script` is a compiled module beside the caller's. `settings` is what its {@link readSettings} returns. */
export function forkScript(script: URL, settings: unknown): ChildProcess {
  const environment = { ...process.env, [SETTINGS_VARIABLE]: JSON.stringify(settings), NODE_OPTIONS: '' };
  const flags = process.env['MILLRACE_BENCHMARK_NODE_FLAGS']?.split(' ').filter((flag) => flag !== '') ?? [];
  return fork(script, { env: environment, execArgv: flags, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** Runs `script` to its end and returns the one message it sent. */
export function measureIn<Result>(script: URL, settings: unknown): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = forkScript(script, settings);
    let result: Result | undefined;
    child.once('message', (message) => {
      result = message as Result;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0 && result !== undefined) resolve(result);
      else reject(new Error(`${script.pathname} ended with ${signal ?? code} before it had a result`));
    });
  });
}

/** In the forked process, and in every thread it starts. */
export function readSettings<Settings>(): Settings {
  const text = process.env[SETTINGS_VARIABLE];
  if (text === undefined) throw new Error(`${SETTINGS_VARIABLE} is not set: this script is run by a benchmark`);
  return JSON.parse(text) as Settings;
}

export function sendResult(result: unknown): void {
  process.send?.(result, undefined, undefined, () => process.disconnect());
}

/** Milliseconds of the machine's monotonic clock: one base for all threads and processes. */
export function machineTimeMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
