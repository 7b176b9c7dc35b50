/**
 * What the file sink stores in manifests: which bytes of which segments belong where. Plain data, read again by later
 * versions, hence checked when it comes back.
 */
import { basename } from 'node:path';
import {
  type CommitToken,
  CorruptionError,
  type Epoch,
  type Generation,
  type SubtaskIndex,
} from '../../model/index.ts';

/** Bytes that one subtask wrote in one epoch. `name` is empty when it wrote none. */
export interface SegmentToken {
  readonly name: string;
  readonly bytes: number;
  /** CRC-32 of the bytes. */
  readonly crc: number;
}

/** The sealed output of one epoch. */
export interface FileToken {
  readonly version: 1;
  readonly epoch: Epoch;
  /** As the user wrote it. */
  readonly path: string;
  /** Number of the part in a folder of parts, from 1; 0 where the target is one file. */
  readonly part: number;
  /** Where the epoch's bytes begin and end in the file. */
  readonly start: number;
  readonly end: number;
  /** This commit makes the file. */
  readonly isFirst: boolean;
  /** Identity of a file of an earlier run that this commit replaces; empty: none. */
  readonly replaces: string;
  /** This commit removes the other parts of an earlier run. */
  readonly removesParts: boolean;
  /** Text in front of the segments (the header row of CSV). */
  readonly header: string;
  /** In subtask order, without the empty ones. */
  readonly segments: readonly SegmentToken[];
}

/** Whose segment it is. */
export interface SegmentOwner {
  readonly generation: Generation;
  readonly epoch: Epoch;
  readonly subtask: SubtaskIndex;
  readonly attempt: number;
}

/**
 * Name of a segment file. The generation keeps a process that was replaced from writing into files of its successor (I10), the
 * attempt keeps two tries of one task apart.
 */
export function segmentName({ generation, epoch, subtask, attempt }: SegmentOwner): string {
  return `${generation}-${epoch}-${subtask}-${attempt}.segment`;
}

/** Who wrote a file of the pending directory; `undefined` if it is no segment. Names without an attempt are older. */
export function parseSegmentName(name: string): Pick<SegmentOwner, 'generation' | 'epoch'> | undefined {
  const match = /^(\d+)-(\d+)-\d+(?:-\d+)?\.segment$/.exec(name);
  return match === null ? undefined : { generation: Number(match[1]), epoch: Number(match[2]) };
}

export function parseSegmentToken(token: CommitToken): SegmentToken {
  const { name, bytes, crc } = token;
  if (typeof name !== 'string' || !isCount(bytes) || !isCount(crc)) throw unreadable('a segment');
  // Names come back from storage: they must stay inside the pending directory.
  if (name !== basename(name) || (name !== '' && parseSegmentName(name) === undefined)) throw unreadable('a segment');
  return { name, bytes, crc };
}

export function parseFileToken(token: CommitToken): FileToken {
  const { version, epoch, path, part, start, end, isFirst, replaces, removesParts, header, segments } = token;
  if (version !== 1 || !isCount(epoch) || !isCount(part) || !isCount(start) || !isCount(end))
    throw unreadable('an epoch');
  if (typeof path !== 'string' || typeof isFirst !== 'boolean' || typeof replaces !== 'string')
    throw unreadable('an epoch');
  if (typeof removesParts !== 'boolean' || typeof header !== 'string' || !Array.isArray(segments))
    throw unreadable('an epoch');
  const parsed = {
    version,
    epoch,
    path,
    part,
    start,
    end,
    isFirst,
    replaces,
    removesParts,
    header,
    segments: segments.map(parseSegmentToken),
  } as const;
  const bytes = Buffer.byteLength(header) + parsed.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  if (end - start !== bytes) throw unreadable('an epoch');
  return parsed;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function unreadable(what: string): CorruptionError {
  return new CorruptionError(
    `the checkpoint's note of what ${what} wrote to a file sink is unreadable; restore the state directory from a copy, or start with a new one`,
  );
}
