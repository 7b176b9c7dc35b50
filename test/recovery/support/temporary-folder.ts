/** A temporary directory and what is in it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

export class TemporaryFolder {
  readonly directory: string;

  constructor(name: string) {
    this.directory = mkdtempSync(join(tmpdir(), `millrace-${name}-`));
  }

  /** Absolute path of a file in the folder. */
  path(file: string): string {
    return join(this.directory, file);
  }

  write(file: string, content: string | Uint8Array): string {
    const path = this.path(file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** `undefined` where there is no such file. */
  read(file: string): Buffer | undefined {
    const path = this.path(file);
    return existsSync(path) ? readFileSync(path) : undefined;
  }

  exists(file: string): boolean {
    return existsSync(this.path(file));
  }

  /** Names in a folder, sorted; of a file its own; none where there is nothing. */
  list(folder: string): readonly string[] {
    const path = this.path(folder);
    if (!existsSync(path)) return [];
    return statSync(path).isDirectory() ? readdirSync(path).sort() : [basename(folder)];
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
