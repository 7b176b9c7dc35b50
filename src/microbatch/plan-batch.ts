/**
 * What one batch reads: a range for every split that has something, within limits that the splits share fairly. Pure.
 *
 * Every split that can be read gets a turn within as many batches as there are splits, whatever the limits; a batch that has anything to
 * read reads at least one record. Ranges depend on the splits and the limits alone, never on the parallelism.
 */
import {
  assert,
  type BatchPlan,
  type Epoch,
  type NodeId,
  type Offset,
  type SourceOffsets,
  type SplitExtent,
  type SplitId,
  type SplitRange,
  type TimestampMs,
} from '../model/index.ts';
import { STATE_FORMAT_VERSION } from '../storage/index.ts';
import { endOf, type SourceTimes } from './batch-time.ts';
import { shareFairly } from './share-fairly.ts';

/** What all sources have behind the offsets at which a batch begins. */
export type SurveyedSources = Readonly<Record<NodeId, Readonly<Record<SplitId, SplitExtent>>>>;

export interface BatchLimits {
  /** Most records of the batch, at least 1; `Infinity`: no limit. */
  readonly records: number;
  /** Most bytes, of splits that know theirs, at least 1; `Infinity`: no limit. One record of a split is read however long it is. */
  readonly bytes: number;
}

export interface BatchRequest {
  readonly epoch: Epoch;
  readonly plannedAt: TimestampMs;
  /** Where the batch begins: behind the last committed epoch. */
  readonly from: SourceOffsets;
  /** Of every split of every source, surveyed from {@link from}; up to the frozen end where there is one. */
  readonly surveys: SurveyedSources;
  readonly limits: BatchLimits;
  /** Where the sources stand in time. */
  readonly times: SourceTimes;
  /** Sources that wait for others to end. */
  readonly heldBack: ReadonlySet<NodeId>;
  /** `SourceSurveyor.cut` of the source `node`. Asked only about splits with `bytes`. */
  cut(node: NodeId, split: SplitId, from: Offset | undefined, bytes: number): Offset;
}

export interface PlannedBatch {
  /** `undefined`: there is nothing to read. */
  readonly plan: BatchPlan | undefined;
  /** How many records the batch reads; `undefined` where a split does not know. */
  readonly records: number | undefined;
  /** Bytes up to the bounds of the splits that know theirs; a bound in records may stop before them. */
  readonly bytes: number;
  /** Something that can be read was left out, or may have been: a split of unknown count that may have more than its share of records. */
  readonly hasMore: boolean;
  /** Behind the batch every source is at its end, or is already when there is nothing to read. */
  readonly isEnd: boolean;
}

/** A split with something to read. */
interface Readable {
  readonly node: NodeId;
  readonly split: SplitId;
  readonly extent: SplitExtent;
  /** At most. */
  readonly records: number;
  readonly bytes: number;
}

/** What the batch takes of a split. */
interface Taken {
  readonly range: SplitRange;
  /** `undefined`: nobody knows. */
  readonly records: number | undefined;
  readonly bytes: number;
  /** Nothing of what was surveyed is left, for sure. */
  readonly isWhole: boolean;
}

export function planBatch(request: BatchRequest): PlannedBatch {
  const { epoch, heldBack, plannedAt, surveys, limits, times } = request;
  assert(limits.records >= 1 && limits.bytes >= 1, 'a batch of no record would never end');
  const extents = Object.values(surveys).flatMap((splits) => Object.values(splits));
  const waiting = listReadable(surveys, epoch);
  const readable = waiting.filter(({ node }) => !heldBack.has(node));
  const ranges = new Map<NodeId, [SplitId, SplitRange][]>();
  let records: number | undefined = 0;
  let bytes = 0;
  let whole = 0;
  for (const [split, shareRecords, shareBytes] of admit(readable, limits)) {
    const taken = take(split, shareRecords, shareBytes, request);
    ranges.set(split.node, [...(ranges.get(split.node) ?? []), [split.split, taken.range]]);
    records = records === undefined || taken.records === undefined ? undefined : records + taken.records;
    bytes += taken.bytes;
    whole += taken.isWhole ? 1 : 0;
  }
  const hasMore = whole < waiting.length;
  const isEnd = !hasMore && extents.every((extent) => extent.isEnd);
  assert(ranges.size > 0 || readable.length === 0, 'a batch reads something where there is something to read');
  if (ranges.size === 0) return { plan: undefined, records: 0, bytes: 0, hasMore, isEnd };
  const plan: BatchPlan = {
    formatVersion: STATE_FORMAT_VERSION,
    epoch,
    plannedAt,
    // Built from entries: names of nodes and splits are data, `__proto__` included.
    ranges: Object.fromEntries([...ranges].map(([node, splits]) => [node, Object.fromEntries(splits)])),
    watermarks: isEnd ? endOf(times) : times,
    isLast: isEnd,
  };
  return { plan, records, bytes, hasMore, isEnd };
}

/** Whether nothing of a source is left to read, now or ever. */
export function hasEnded(surveys: SurveyedSources, source: NodeId): boolean {
  return Object.values(surveys[source] ?? {}).every(({ isEmpty, isEnd }) => isEmpty && isEnd);
}

/**
 * Where the sources ended when they were surveyed: a run of what is there now reads up to it and no further. Splits without a
 * bound are there to their end, which does not move.
 */
export function freezeEnd(surveys: SurveyedSources): SourceOffsets {
  return Object.fromEntries(
    Object.entries(surveys).map(([node, splits]) => [
      node,
      Object.fromEntries(
        Object.entries(splits).flatMap(([split, { until }]) => (until === undefined ? [] : [[split, until]])),
      ),
    ]),
  );
}

/**
 * In an order that begins at another split with every epoch, counted over all of them: each is the first once in so many epochs,
 * whichever others have something to read.
 */
function listReadable(surveys: SurveyedSources, epoch: Epoch): readonly Readable[] {
  const all = Object.entries(surveys).flatMap(([node, splits]) =>
    Object.entries(splits).map(([split, extent]) => ({ node, split, extent })),
  );
  const first = all.length === 0 ? 0 : epoch % all.length;
  return [...all.slice(first), ...all.slice(0, first)]
    .filter(({ extent }) => !extent.isEmpty)
    .map(({ node, split, extent }) => ({
      node,
      split,
      extent,
      // Input that yields no record (an empty line) is passed over in a turn of its own. A record takes a byte at least.
      records: Math.max(1, extent.records ?? extent.bytes ?? Number.POSITIVE_INFINITY),
      bytes: Math.max(1, extent.bytes ?? 0),
    }));
}

/** Splits that are read at all, with their shares of records and bytes, at least 1 of both. */
function admit(readable: readonly Readable[], limits: BatchLimits): readonly (readonly [Readable, number, number])[] {
  const records = shareFairly(
    readable.map((split) => split.records),
    limits.records,
    0,
  );
  const withRecords = readable.flatMap((split, index) =>
    records[index]! > 0 ? [[split, records[index]!] as const] : [],
  );
  const sized = withRecords.filter(([{ extent }]) => extent.bytes !== undefined).map(([split]) => split);
  const bytes = shareFairly(
    sized.map((split) => split.bytes),
    limits.bytes,
    0,
  );
  return withRecords.flatMap(([split, share]) => {
    const shareBytes = sized.includes(split) ? bytes[sized.indexOf(split)]! : Number.POSITIVE_INFINITY;
    return shareBytes > 0 ? [[split, share, shareBytes] as const] : [];
  });
}

function take(
  { node, split, extent, records, bytes }: Readable,
  shareRecords: number,
  shareBytes: number,
  { from, cut }: BatchRequest,
): Taken {
  const isCut = shareBytes < bytes;
  const isCounted = shareRecords < records;
  const isKnown = extent.records !== undefined;
  // A bound in records that is met for sure comes before the end of the survey.
  const isEndFree = isCounted && isKnown;
  const until = isCut
    ? cut(node, split, offsetOf(from, node, split), shareBytes)
    : isEndFree
      ? undefined
      : extent.until;
  return {
    range: {
      ...(until === undefined ? {} : { until }),
      ...(isCounted ? { recordsMax: shareRecords } : {}),
    },
    records: isKnown && !isCut ? Math.min(extent.records, shareRecords) : undefined,
    bytes: extent.bytes === undefined ? 0 : Math.min(extent.bytes, shareBytes),
    isWhole: !isCut && !isCounted,
  };
}

/** Own fields only: a split may have any name. */
function offsetOf(offsets: SourceOffsets, node: NodeId, split: SplitId): Offset | undefined {
  const splits = Object.hasOwn(offsets, node) ? offsets[node] : undefined;
  return splits !== undefined && Object.hasOwn(splits, split) ? splits[split] : undefined;
}
