/**
 * Brings the bytes of one sealed epoch into the target file. Idempotent: it writes the same bytes to the same place.
 *
 * `attempt: 'first'` right after the epoch became durable: the file must be as the last epoch left it. `attempt: 'repeat'` at
 * a restart: the file may hold all, none or any part of the epoch. A repeat writes again whatever still has its segment, even
 * if the file looks right: after a failed fsync the page cache shows bytes that the disk does not have (reliability F7).
 * Segments are removed only behind a successful fsync of the target; so where a segment is gone the target must be right.
 */
import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checksum } from '../../codec/checksum.ts';
import { assert, ConnectorError, CorruptionError } from '../../model/index.ts';
import type { FileSinkCrashPoint } from './crash-points.ts';
import { makeDurableDirectory, rangeMatches, readPieces, syncDirectory, writeFully } from './durable-files.ts';
import type { FileToken, SegmentToken } from './file-sink-token.ts';
import { partNumber } from './target-cursor.ts';

export type Attempt = 'first' | 'repeat';

export interface PublishPorts {
  readonly pendingDirectory: string;
  readonly format: string;
  /** Unique to the generation: where the replacement of an existing file is built. */
  readonly temporaryFile: string;
  crashPoint(name: FileSinkCrashPoint): void;
}

export async function publishToken(
  file: string,
  token: FileToken,
  attempt: Attempt,
  ports: PublishPorts,
): Promise<void> {
  const target = await openTarget(file, token, attempt, ports);
  try {
    if (target.isNew) ports.crashPoint('sink.file.commit.created');
    await checkLength(target.handle, file, token, attempt, target.isReplacement);
    await writeEpoch(target.handle, file, token, attempt, ports);
    ports.crashPoint('sink.file.commit.written');
    const { size } = await target.handle.stat();
    assert(
      size === token.end,
      `I4: committed, for the first time or again, ${file} ends at ${size}, not at ${token.end}`,
    );
    await target.handle.sync();
  } finally {
    await target.handle.close();
  }
  if (target.isReplacement) await rename(ports.temporaryFile, file);
  if (token.removesParts) await removeOtherParts(file, ports.format);
  if (token.isFirst) await syncDirectory(dirname(file));
  ports.crashPoint('sink.file.commit.synced');
  for (const { name } of token.segments) await unlinkIfThere(join(ports.pendingDirectory, name));
}

/** `dev:ino`; empty when there is no such file. */
export async function fileIdentity(file: string): Promise<string> {
  try {
    const { dev, ino } = await stat(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

interface OpenTarget {
  readonly handle: FileHandle;
  readonly isNew: boolean;
  /** The epoch goes into a temporary file that takes the target's name when it is complete. */
  readonly isReplacement: boolean;
}

async function openTarget(file: string, token: FileToken, attempt: Attempt, ports: PublishPorts): Promise<OpenTarget> {
  const identity = await fileIdentity(file);
  if (token.replaces !== '' && token.replaces === identity) {
    return { handle: await open(ports.temporaryFile, 'w+'), isNew: true, isReplacement: true };
  }
  if (identity !== '') {
    if (token.isFirst && attempt === 'first') {
      throw targetError(file, 'was made by another program after this job started; remove it, or choose another path');
    }
    return { handle: await open(file, 'r+'), isNew: false, isReplacement: false };
  }
  if (!token.isFirst) {
    throw targetError(
      file,
      'was removed while its job goes on; put it back, or start with a new state directory and another path',
    );
  }
  await makeDurableDirectory(dirname(file), 0o777);
  return { handle: await open(file, 'wx+'), isNew: true, isReplacement: false };
}

async function checkLength(
  target: FileHandle,
  file: string,
  { start, end }: FileToken,
  attempt: Attempt,
  isReplacement: boolean,
): Promise<void> {
  const { size } = await target.stat();
  if (isReplacement) return;
  if (size < start) {
    throw targetError(
      file,
      `has ${size} bytes although ${start} were committed: something has cut it; restore it, or start with a new state directory and another path`,
    );
  }
  const expected = attempt === 'first' ? start : end;
  if (size > expected) {
    throw targetError(
      file,
      `has ${size} bytes although this job has written ${expected}: something else writes to it; move what is behind byte ${expected} elsewhere (this job cannot share the file) and start again`,
    );
  }
}

async function writeEpoch(
  target: FileHandle,
  file: string,
  token: FileToken,
  attempt: Attempt,
  ports: PublishPorts,
): Promise<void> {
  const header = Buffer.from(token.header, 'utf8');
  await writeFully(target, header, token.start);
  let position = token.start + header.length;
  for (const segment of token.segments) {
    await writeSegment(target, file, segment, position, attempt, ports);
    position += segment.bytes;
  }
}

async function writeSegment(
  target: FileHandle,
  file: string,
  segment: SegmentToken,
  position: number,
  attempt: Attempt,
  ports: PublishPorts,
): Promise<void> {
  const source = await openIfThere(join(ports.pendingDirectory, segment.name));
  if (source === undefined) {
    if (attempt === 'repeat' && (await rangeMatches(target, position, segment.bytes, segment.crc))) return;
    throw lost(file, segment, 'is missing');
  }
  try {
    if (attempt === 'repeat' && !(await rangeMatches(source, 0, segment.bytes, segment.crc))) {
      if (await rangeMatches(target, position, segment.bytes, segment.crc)) return;
      throw lost(file, segment, 'is damaged');
    }
    let crc = 0;
    const copied = await readPieces(source, 0, segment.bytes, async (piece, at) => {
      crc = checksum(piece, crc);
      await writeFully(target, piece, position + at);
      ports.crashPoint('sink.file.commit.partial');
    });
    if (copied !== segment.bytes || crc !== segment.crc) throw lost(file, segment, 'is damaged');
  } finally {
    await source.close();
  }
}

async function removeOtherParts(file: string, format: string): Promise<void> {
  const folder = dirname(file);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (partNumber(name, format) > 0 && path !== file) await unlinkIfThere(path);
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function targetError(file: string, what: string): ConnectorError {
  return new ConnectorError(`the output file ${file} ${what}`, { code: 'ERR_SINK_TARGET', recovery: 'none' });
}

function lost(file: string, segment: SegmentToken, what: string): CorruptionError {
  return new CorruptionError(
    `${segment.bytes} committed bytes of the output file ${file} are lost: their pending segment ${segment.name} ${what}; restore the state directory and the file from one copy, or start with new ones`,
  );
}
