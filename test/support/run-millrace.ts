/** Runs the built command line in a process of its own, without a terminal and without input. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when the process has ended, whatever its exit code; rejects only when it could not run. */
export function runMillrace(directory: string, ...parameters: readonly string[]): Promise<CommandResult> {
  return runNode(directory, MAIN, ...parameters);
}

/** As {@link runMillrace}, for any script. */
export function runNode(directory: string, ...parameters: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, parameters, { cwd: directory }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    child.stdin?.end();
  });
}
