/** Waits for what a process does to the file system, by its events. */
import { existsSync, mkdirSync, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Resolves when the file exists and is not empty. Makes its folder. Waits for ever: the test's timeout is the bound. */
export function untilWritten(path: string): Promise<void> {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  return new Promise((resolve) => {
    const watcher = watch(folder, (_, name) => {
      if (name === null || name === basename(path)) look();
    });
    const look = (): void => {
      if (!existsSync(path) || statSync(path).size === 0) return;
      watcher.close();
      resolve();
    };
    look();
  });
}
