/** The lines of a file as bytes, in order, without their newlines; in memory is one chunk and one line. */
import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/** Not split where JSON text may hold a line separator of Unicode. A file that is not there has no lines. The bytes are valid until the next one. */
export async function* readLines(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer | undefined;
  try {
    for await (const read of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      const chunk: Buffer = rest === undefined ? (read as Buffer) : Buffer.concat([rest, read as Buffer]);
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        yield chunk.subarray(from, at);
        from = at + 1;
      }
      rest = from < chunk.length ? chunk.subarray(from) : undefined;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (rest !== undefined) yield rest;
}
