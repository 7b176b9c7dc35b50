/**
 * Names of splits and offsets of a paced source: those of the source inside, with what its schedule must know beside them. Pure.
 *
 * A split is called `<position>/<number of splits>:<its name inside>`, because a reader sees its own splits only, and the schedule
 * interleaves all of them.
 */
import { ConnectorError, type Offset, type SplitId, type SplitOffsets } from '../model/index.ts';

export interface PacedSplitName {
  readonly index: number;
  readonly splits: number;
  readonly inner: SplitId;
}

export interface PacedOffset {
  /** Records read; of a bound: those that may have been read when it is reached. */
  readonly records: number;
  /** Of the source inside. Absent: its start; of a bound: no other than the number of records. */
  readonly inner: Offset | undefined;
}

export const PACED_START: PacedOffset = { records: 0, inner: undefined };

export function pacedSplitId({ index, splits, inner }: PacedSplitName): SplitId {
  return `${index}/${splits}:${inner}`;
}

/** Throws `ConnectorError` (recovery `none`) where the name is none of a paced source. */
export function parsePacedSplit(split: SplitId): PacedSplitName {
  const match = /^(\d+)\/(\d+):(.*)$/s.exec(split);
  if (match === null) throw foreign(split, 'has a name that');
  return { index: Number(match[1]), splits: Number(match[2]), inner: match[3]! };
}

export function pacedOffset({ records, inner }: PacedOffset): Offset {
  return { records, inner: inner === undefined ? '' : JSON.stringify(inner) };
}

/** Throws `ConnectorError` (recovery `none`) where the offset is none of a paced source. */
export function parsePacedOffset(split: SplitId, offset: Offset | undefined): PacedOffset {
  if (offset === undefined) return PACED_START;
  const { records, inner } = typeof offset === 'object' ? offset : {};
  if (typeof records !== 'number' || typeof inner !== 'string') throw foreign(split, 'has an offset that');
  return { records, inner: inner === '' ? undefined : JSON.parse(inner) };
}

/** The offset of one split as the source inside gets it. */
export function innerOffsets({ inner: split }: PacedSplitName, { inner: offset }: PacedOffset): SplitOffsets {
  return offset === undefined ? {} : Object.fromEntries([[split, offset]]);
}

function foreign(split: SplitId, what: string): ConnectorError {
  return new ConnectorError(`split ${split} ${what} no paced source has made; start with a new state directory`, {
    split,
    recovery: 'none',
  });
}
