/**
 * One open file that is being read: its descriptor, its identity, its first bytes. Follows the descriptor, not the name, so
 * that a renamed file is read to its end. Knows nothing of records.
 */
import { closeSync, fstatSync, openSync, read, readdirSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { checksum } from '../../codec/checksum.ts';
import { type FileCandidate, type FileOffset, HEAD_BYTES_MAX } from './resume-point.ts';

const readAsync = promisify(read);

export class SourceFile {
  readonly path: string;
  readonly identity: string;
  readonly #descriptor: number;
  #head = 0;
  #headBytes = 0;

  /** Throws the error of the operating system; that of a directory or device is `EISDIR`. */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, 'r');
    try {
      const stats = fstatSync(this.#descriptor, { bigint: true });
      if (!stats.isFile()) throw Object.assign(new Error(`${path} is not a regular file`), { code: 'EISDIR' });
      this.identity = `${stats.dev}:${stats.ino}`;
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  read(buffer: Buffer, offset: number, length: number, position: number): number {
    return readSync(this.#descriptor, buffer, offset, length, position);
  }

  /** Reads without holding up the thread; less than `length` only at the end of the file. */
  async readLater(buffer: Buffer, length: number, position: number): Promise<number> {
    let done = 0;
    while (done < length) {
      const { bytesRead } = await readAsync(this.#descriptor, buffer, done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  bytes(): number {
    return fstatSync(this.#descriptor).size;
  }

  /** The offset to seal when everything before `offset` was read. */
  offsetAt(offset: number, isClosed: boolean): FileOffset {
    const headBytes = Math.min(offset, HEAD_BYTES_MAX);
    if (headBytes !== this.#headBytes) {
      this.#head = this.#checksumOfHead(headBytes);
      this.#headBytes = headBytes;
    }
    return { offset, file: this.identity, head: this.#head, headBytes, isClosed };
  }

  compare(saved: FileOffset): FileCandidate {
    const hasSameHead = this.#checksumOfHead(saved.headBytes) === saved.head;
    return { identity: this.identity, bytes: this.bytes(), hasSameHead };
  }

  /** Whether the first bytes are still those of the offset sealed last: a file may be cut and grow again between two looks. */
  hasKeptHead(): boolean {
    return this.#headBytes === 0 || this.#checksumOfHead(this.#headBytes) === this.#head;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #checksumOfHead(bytes: number): number {
    const head = Buffer.alloc(Math.min(bytes, HEAD_BYTES_MAX));
    const count = head.length === 0 ? 0 : readSync(this.#descriptor, head, 0, head.length, 0);
    return checksum(head.subarray(0, count));
  }
}

/** Identity of the file that has this name now; `undefined` while there is none. */
export function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

/** Looks for a file that was renamed inside its folder, as log rotation does. */
export function findRenamed(path: string, identity: string): string | undefined {
  const folder = dirname(path);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const candidate = join(folder, entry.name);
    if (entry.isFile() && candidate !== path && identityOf(candidate) === identity) return candidate;
  }
  return undefined;
}
