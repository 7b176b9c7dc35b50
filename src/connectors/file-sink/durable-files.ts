/**
 * File operations whose effect has to survive a power loss. A new name is durable only when its directory has been
 * synced too. Asynchronous: they run on the driver thread, which must not stand still.
 */
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checksum } from '../../codec/checksum.ts';

export const COPY_BYTES: number = 256 * 1024;

export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes names in `path` durable. Windows cannot open directories and needs no such call. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a directory and those above it, durably. */
export async function makeDurableDirectory(path: string, mode: number): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let at = resolve(path); at.length >= top.length; at = dirname(at)) {
    await syncDirectory(at);
    if (at === dirname(at)) return;
  }
}

/** Writes all of `bytes` at `position`: a write may take less than it was given. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const result = await file.write(bytes, written, bytes.length - written, position + written);
    written += result.bytesWritten;
  }
}

/** Reads `length` bytes from `position` in pieces; stops early at the end of the file. The piece is reused. */
export async function readPieces(
  file: FileHandle,
  position: number,
  length: number,
  onPiece: (piece: Uint8Array, at: number) => Promise<void> | void,
): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, Math.max(1, length)));
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - done), position + done);
    if (bytesRead === 0) break;
    await onPiece(buffer.subarray(0, bytesRead), done);
    done += bytesRead;
  }
  return done;
}

/** Whether the file has `length` bytes from `position` on with that CRC-32. */
export async function rangeMatches(file: FileHandle, position: number, length: number, crc: number): Promise<boolean> {
  let actual = 0;
  const found = await readPieces(file, position, length, (piece) => {
    actual = checksum(piece, actual);
  });
  return found === length && actual === crc;
}
