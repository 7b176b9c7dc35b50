/**
 * Where to go on in a file that a checkpoint knows. Pure; the looking is done by `source-file.ts`.
 */
import { ConnectorError, type Offset, type SplitId } from '../../model/index.ts';

/** Offset of a split that is a file. Plain data. */
export interface FileOffset {
  /** Next byte to read. */
  readonly offset: number;
  /** `device:inode` of the file; empty before it was opened first. Follows a file that was renamed. */
  readonly file: string;
  /** CRC-32 of the first `headBytes` bytes. Tells another file, also one that got the same inode. */
  readonly head: number;
  readonly headBytes: number;
  /** Of an array: its end was passed. */
  readonly isClosed: boolean;
}

export const HEAD_BYTES_MAX: number = 1024;

export const FILE_START: FileOffset = { offset: 0, file: '', head: 0, headBytes: 0, isClosed: false };

/** An offset as a checkpoint holds it; `undefined` if it is none of a file. */
export function parseFileOffset(offset: Offset): FileOffset | undefined {
  if (typeof offset !== 'object') return undefined;
  const { offset: at, file, head, headBytes, isClosed } = offset;
  if (typeof at !== 'number' || typeof head !== 'number' || typeof headBytes !== 'number') return undefined;
  if (typeof file !== 'string' || typeof isClosed !== 'boolean') return undefined;
  return { offset: at, file, head, headBytes, isClosed };
}

/** Where a split goes on. Throws `ConnectorError` (recovery `none`) when the checkpoint's offset is none of a file. */
export function parseSavedOffset(split: SplitId, offset: Offset | undefined): FileOffset {
  const saved = offset === undefined ? FILE_START : parseFileOffset(offset);
  if (saved !== undefined) return saved;
  throw new ConnectorError(
    `the checkpoint has an offset for ${split} that is none of a file; start with a new state directory`,
    { split, recovery: 'none' },
  );
}

/** What was found under a name. */
export interface FileCandidate {
  readonly identity: string;
  readonly bytes: number;
  /** Whether its first bytes are those the checkpoint knows. */
  readonly hasSameHead: boolean;
}

/**
 * `undefined`: go on in this file at the saved offset. Otherwise why that would be wrong. The identity need not agree: a file
 * that was copied or restored from a backup is the same file if its beginning is the same and it is long enough.
 */
export function objectionToResume(saved: FileOffset, candidate: FileCandidate): string | undefined {
  if (candidate.bytes < saved.offset) {
    return `has ${candidate.bytes} bytes, but ${saved.offset} were read before: it was cut or replaced`;
  }
  if (!candidate.hasSameHead)
    return 'does not begin as it did when it was read before: it was replaced or written anew';
  return undefined;
}
