/**
 * A project of a user of Millrace, in a temporary directory: `node_modules` holds this repository's built package and whatever
 * else the files need, by link. Files of jobs are copied in, so that their outputs and state stay out of the repository.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY: string = fileURLToPath(new URL('../..', import.meta.url));

export class TemporaryProject {
  readonly directory: string;

  /** `packages` are linked from the repository's own `node_modules`. Throws when the package is not built. */
  constructor(packages: readonly string[] = []) {
    if (!existsSync(join(REPOSITORY, 'dist/index.js'))) {
      throw new Error('dist is missing: run `npm run build` first; this test uses the built package');
    }
    this.directory = mkdtempSync(join(tmpdir(), 'millrace-project-'));
    writeFileSync(this.path('package.json'), '{ "private": true, "type": "module" }\n');
    const modules = join(this.directory, 'node_modules');
    mkdirSync(modules);
    symlinkSync(REPOSITORY, join(modules, 'millrace'), 'dir');
    for (const name of packages) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name), 'dir');
    }
  }

  /** Absolute path of a file in the project. */
  path(file: string): string {
    return join(this.directory, file);
  }

  /** Copies a file of the repository to the same place in the project. */
  copy(file: string): string {
    const target = this.path(file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(REPOSITORY, file), target);
    return target;
  }

  /** The values of a file of JSON lines. */
  rows<T>(file: string): readonly T[] {
    const text = readFileSync(this.path(file), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  }

  /** As {@link rows}, and removes the file. */
  take<T>(file: string): readonly T[] {
    const rows = this.rows<T>(file);
    rmSync(this.path(file));
    return rows;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
