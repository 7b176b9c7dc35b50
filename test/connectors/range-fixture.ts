/** Reads a source as microbatch mode does: surveyed, planned in ranges, each range of a split through a reader of its own. Not a test. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { SourceConnector, SplitExtent, SplitOffsets, SplitRange } from '../../src/model/index.ts';
import { CollectingEmitter, ManualClock, readerContext, surveyContext } from './connector-fixture.ts';

/** How the batches are cut: the lists are gone through in turn, by range. Empty: no limit of that kind. */
export interface Cuts {
  readonly sizes: readonly number[];
  readonly bytes: readonly number[];
  /** Records per poll; default 3. */
  readonly limit?: number;
  /** Whether readers are kept from batch to batch, as an engine may do; default false. */
  readonly keepsReaders?: boolean;
  readonly baseDirectory?: string;
  /** Called before each survey, with the offsets it will begin at. */
  readonly beforeSurvey?: (from: SplitOffsets) => void;
  /** Called between survey and reading. */
  readonly beforeReading?: () => void;
  /** Where the input never ends: asked when a survey finds nothing to read. Absent: it must end. */
  readonly isEnough?: () => boolean;
}

export interface ReadInRanges<T> {
  readonly values: T[];
  readonly letters: unknown[];
  readonly offsets: SplitOffsets;
  readonly batches: number;
}

const BATCHES_MAX = 2000;

export async function readInRanges<T>(source: SourceConnector<T>, cuts: Cuts): Promise<ReadInRanges<T>> {
  const { baseDirectory = '/', limit = 3 } = cuts;
  const clock = new ManualClock();
  const splits = await source.listSplits(readerContext({ splits: [], baseDirectory }), {});
  const surveyor = source.createSurveyor(surveyContext({ splits, clock, baseDirectory }));
  const out = new CollectingEmitter<T>();
  const letters: unknown[] = [];
  const kept = new Map<string, ReturnType<typeof source.createReader>>();
  let offsets: SplitOffsets = {};
  let turn = 0;
  let batches = 0;
  for (; ; batches++) {
    if (batches > BATCHES_MAX) throw new Error(`no end after ${BATCHES_MAX} batches`);
    cuts.beforeSurvey?.(offsets);
    const extents = await surveyor.survey(offsets);
    expect(Object.keys(extents)).toEqual([...splits]);
    const open = Object.values(extents).filter((extent) => !extent.isEmpty);
    if (open.length === 0) {
      if (Object.values(extents).every((extent) => extent.isEnd)) break;
      if (cuts.isEnough?.() === true) break;
      // Asking again at once would find the same.
      expect(surveyor.wakeAt()).toBeGreaterThan(clock.timeMs);
      expect(surveyor.wakeAt()).toBeLessThan(Number.POSITIVE_INFINITY);
      clock.timeMs = surveyor.wakeAt();
      continue;
    }
    cuts.beforeReading?.();
    for (const split of splits) {
      const extent = extents[split]!;
      if (extent.isEmpty) continue;
      const range = rangeOf(extent, cuts, turn++, (bytes) => surveyor.cut!(split, offsets[split], bytes));
      const from = offsets[split];
      const known = kept.get(split);
      const reader =
        known ??
        source.createReader(
          readerContext({
            splits: [split],
            baseDirectory,
            clock,
            offsets: from === undefined ? {} : { [split]: from },
            deadLetter: (letter) => letters.push(letter),
            hint: surveyor.hint,
          }),
        );
      const before = out.records.length;
      const last = before + (range.recordsMax ?? Number.POSITIVE_INFINITY);
      while (out.records.length < last) {
        const most = Math.min(limit, last - out.records.length);
        if (reader.poll(out, most, range.until === undefined ? undefined : { [split]: range.until }) !== 'progress')
          break;
      }
      const count = out.records.length - before;
      if (extent.records !== undefined) expect(count).toBeLessThanOrEqual(extent.records);
      // Plain data: it goes through a manifest.
      offsets = { ...offsets, ...JSON.parse(JSON.stringify(reader.offsets())) };
      expect(offsets[split]).not.toEqual(from);
      if (cuts.keepsReaders) kept.set(split, reader);
      else reader.close();
    }
  }
  for (const reader of kept.values()) reader.close();
  surveyor.close();
  return { values: out.values, letters, offsets, batches };
}

function rangeOf(
  extent: SplitExtent,
  cuts: Cuts,
  turn: number,
  cut: (bytes: number) => SplitRange['until'],
): SplitRange {
  const { sizes, bytes } = cuts;
  const recordsMax = sizes.length === 0 ? undefined : sizes[turn % sizes.length]!;
  const bytesMax = bytes.length === 0 ? Number.POSITIVE_INFINITY : bytes[turn % bytes.length]!;
  const until = extent.bytes !== undefined && extent.bytes > bytesMax ? cut(bytesMax) : extent.until;
  return { until, recordsMax };
}

/** By one reader of all splits, without ranges, to its end. */
export async function readWhole<T>(
  source: SourceConnector<T>,
  baseDirectory = '/',
): Promise<Omit<ReadInRanges<T>, 'batches'>> {
  const splits = await source.listSplits(readerContext({ splits: [], baseDirectory }), {});
  const context = readerContext({ splits, baseDirectory });
  const reader = source.createReader(context);
  const out = new CollectingEmitter<T>();
  while (reader.poll(out, 1000) !== 'ended');
  const offsets: SplitOffsets = reader.offsets();
  reader.close();
  return { values: out.values, letters: context.refused.letters, offsets };
}

export const anyCuts: fc.Arbitrary<Cuts> = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
  bytes: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
  limit: fc.integer({ min: 1, max: 10 }),
  keepsReaders: fc.boolean(),
});
