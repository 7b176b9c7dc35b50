import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BatchLimits,
  freezeEnd,
  type PlannedBatch,
  planBatch,
  type SurveyedSources,
} from '../../src/microbatch/plan-batch.ts';
import type { BatchPlan, Offset, SourceOffsets, SplitExtent } from '../../src/model/index.ts';
import { STATE_FORMAT_VERSION } from '../../src/storage/index.ts';
import '../support/property-seed.ts';

const UNLIMITED: BatchLimits = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
const EMPTY: SplitExtent = { isEmpty: true, isEnd: false };
const ENDED: SplitExtent = { isEmpty: true, isEnd: true };

function plan(
  surveys: SurveyedSources,
  limits: Partial<BatchLimits> = {},
  epoch = 1,
  from: SourceOffsets = {},
): PlannedBatch {
  return planBatch({
    epoch,
    plannedAt: 77,
    from,
    surveys,
    limits: { ...UNLIMITED, ...limits },
    times: {},
    heldBack: new Set(),
    cut: (node, split, at, bytes) => `${node}/${split} from ${String(at)} by ${bytes}`,
  });
}

function rangesOf(planned: PlannedBatch): BatchPlan['ranges'] | undefined {
  return planned.plan?.ranges;
}

describe('the plan of a batch', () => {
  it('says where, when and for what it was made', () => {
    const planned = plan({ in: { a: { until: 9, records: 4, isEmpty: false, isEnd: false } } }, {}, 5);

    expect(planned.plan).toEqual({
      formatVersion: STATE_FORMAT_VERSION,
      epoch: 5,
      plannedAt: 77,
      watermarks: {},
      ranges: { in: { a: { until: 9 } } },
      isLast: false,
    });
    expect(planned).toMatchObject({ records: 4, bytes: 0, hasMore: false, isEnd: false });
  });

  it.each<[string, SurveyedSources, object]>([
    ['no source', {}, { plan: undefined, hasMore: false, isEnd: true }],
    ['nothing now', { in: { a: EMPTY, b: ENDED } }, { plan: undefined, hasMore: false, isEnd: false, records: 0 }],
    ['nothing ever again', { in: { a: ENDED }, on: { b: ENDED } }, { plan: undefined, hasMore: false, isEnd: true }],
  ])('is none with %s', (_case, surveys, expected) => {
    expect(plan(surveys)).toMatchObject(expected);
  });

  it('is the last when every split is read to its end, those of which nothing is left included', () => {
    const whole: SplitExtent = { records: 3, isEmpty: false, isEnd: true };

    const last = plan({ in: { a: whole, b: ENDED } });
    const open = plan({ in: { a: whole, b: EMPTY } });
    const cut = plan({ in: { a: whole } }, { records: 2 });

    expect([last.isEnd, last.plan?.isLast, last.hasMore]).toEqual([true, true, false]);
    expect([open.isEnd, open.plan?.isLast, open.hasMore]).toEqual([false, false, false]);
    expect([cut.isEnd, cut.plan?.isLast, cut.hasMore]).toEqual([false, false, true]);
    expect(rangesOf(last)).toEqual({ in: { a: {} } });
  });

  it('names only bounds that bind', () => {
    const surveys: SurveyedSources = {
      counted: {
        fits: { until: 5, records: 2, isEmpty: false, isEnd: false },
        more: { until: 99, records: 50, isEmpty: false, isEnd: false },
      },
      uncounted: { a: { until: 7, isEmpty: false, isEnd: false } },
    };

    expect(rangesOf(plan(surveys, { records: 22 }, 3))).toEqual({
      counted: { fits: { until: 5 }, more: { recordsMax: 10 } },
      uncounted: { a: { until: 7, recordsMax: 10 } },
    });
    expect(rangesOf(plan(surveys))).toEqual({
      counted: { fits: { until: 5 }, more: { until: 99 } },
      uncounted: { a: { until: 7 } },
    });
  });

  it('cuts what is too long at its share of the bytes, from where the split was read to', () => {
    const surveys: SurveyedSources = {
      in: {
        short: { until: 'end', bytes: 100, isEmpty: false, isEnd: true },
        long: { bytes: 5000, isEmpty: false, isEnd: true },
        longer: { bytes: 9000, isEmpty: false, isEnd: true },
        unsized: { until: 8, isEmpty: false, isEnd: true },
      },
    };

    const planned = plan(surveys, { bytes: 1000 }, 4, { in: { long: 40 } });

    expect(rangesOf(planned)).toEqual({
      in: {
        short: { until: 'end' },
        long: { until: 'in/long from 40 by 450' },
        longer: { until: 'in/longer from undefined by 450' },
        unsized: { until: 8 },
      },
    });
    expect(planned).toMatchObject({ records: undefined, bytes: 1000, hasMore: true, isEnd: false });
  });

  it('knows how many records it reads where all counts are known and nothing is cut', () => {
    const counted: SplitExtent = { records: 30, bytes: 300, isEmpty: false, isEnd: true };

    expect(plan({ in: { a: counted, b: counted } }, { records: 40 }).records).toBe(40);
    expect(plan({ in: { a: counted, b: counted } }).records).toBe(60);
    expect(plan({ in: { a: counted, b: { ...counted, records: undefined } } }).records).toBeUndefined();
    expect(plan({ in: { a: counted } }, { bytes: 299 }).records).toBeUndefined();
  });

  it('passes over what holds no record, within any limits', () => {
    const blank: SplitExtent = { until: 5, records: 0, bytes: 0, isEmpty: false, isEnd: false };

    expect(rangesOf(plan({ in: { a: blank, b: blank } }, { records: 2, bytes: 2 }))).toEqual({
      in: { a: { until: 5 }, b: { until: 5 } },
    });
  });

  it('may have left something of a split of unknown count under a limit of records', () => {
    const unknown: SplitExtent = { isEmpty: false, isEnd: true };

    expect(plan({ in: { a: unknown } }, { records: 1e6 })).toMatchObject({ hasMore: true, isEnd: false });
    expect(plan({ in: { a: unknown } })).toMatchObject({ hasMore: false, isEnd: true });
  });

  it('leaves nothing of a split of unknown count that has no more bytes than it may read records', () => {
    const sized: SplitExtent = { until: 40, bytes: 40, isEmpty: false, isEnd: false };

    const all = plan({ in: { a: sized, b: sized } }, { records: 80 });
    const some = plan({ in: { a: sized, b: sized } }, { records: 79 });

    expect(all).toMatchObject({ records: undefined, hasMore: false });
    expect(rangesOf(all)).toEqual({ in: { a: { until: 40 }, b: { until: 40 } } });
    expect(some.hasMore).toBe(true);
  });

  it('reads one split after the other when there are more splits than records, or bytes', () => {
    const some: SplitExtent = { records: 9, bytes: 90, isEmpty: false, isEnd: true };
    const surveys = { in: { a: some, b: some }, on: { a: some } };
    const turns = (limits: Partial<BatchLimits>): readonly string[] =>
      [0, 1, 2, 3].map((epoch) =>
        Object.entries(rangesOf(plan(surveys, limits, epoch))!)
          .flatMap(([node, splits]) => Object.keys(splits).map((split) => `${node}/${split}`))
          .join(' '),
      );

    expect(turns({ records: 1 })).toEqual(['in/a', 'in/b', 'on/a', 'in/a']);
    expect(turns({ bytes: 1 })).toEqual(['in/a', 'in/b', 'on/a', 'in/a']);
    expect(turns({ records: 2 })).toEqual(['in/a in/b', 'in/b on/a', 'on/a in/a', 'in/a in/b']);
  });

  it('takes splits and sources of any name', () => {
    const surveys = JSON.parse(
      '{ "__proto__": { "__proto__": { "bytes": 9, "isEmpty": false, "isEnd": true }, "toString": { "bytes": 9, "isEmpty": false, "isEnd": true } } }',
    ) as SurveyedSources;

    const text = JSON.stringify(rangesOf(plan(surveys, { bytes: 4 })));

    expect(text).toContain('"__proto__":{"');
    expect(text).toContain('__proto__/__proto__ from undefined by 2');
    expect(text).toContain('__proto__/toString from undefined by 2');
  });
});

describe('a frozen end', () => {
  it('is the bound of every split that has one', () => {
    const surveys: SurveyedSources = {
      in: { a: { until: 5, isEmpty: false, isEnd: false }, b: { isEmpty: false, isEnd: true } },
      on: { c: { until: 'x', isEmpty: true, isEnd: false } },
    };

    expect(freezeEnd(surveys)).toEqual({ in: { a: 5 }, on: { c: 'x' } });
  });
});

/** A split of the model: records of some length, behind each other; offsets are indexes. */
interface ModelSplit {
  readonly lengths: readonly number[];
  readonly knowsRecords: boolean;
  readonly knowsBytes: boolean;
  readonly hasBound: boolean;
}

const modelSplit: fc.Arbitrary<ModelSplit> = fc.record({
  lengths: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 }),
  knowsRecords: fc.boolean(),
  knowsBytes: fc.boolean(),
  hasBound: fc.boolean(),
});

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function surveyOf({ lengths, knowsRecords, knowsBytes, hasBound }: ModelSplit, from: number): SplitExtent {
  const rest = lengths.slice(from);
  return {
    ...(hasBound ? { until: lengths.length } : {}),
    ...(knowsRecords ? { records: rest.length } : {}),
    ...(knowsBytes ? { bytes: sum(rest) } : {}),
    isEmpty: rest.length === 0,
    isEnd: true,
  };
}

/** As a connector promises: at most `bytes` before the bound, but at least one record. */
function cutModel({ lengths }: ModelSplit, from: number, bytes: number): number {
  let to = from + 1;
  let before = lengths[from]!;
  while (to < lengths.length && before + lengths[to]! <= bytes) before += lengths[to++]!;
  return to;
}

describe('successive batches', () => {
  it('keep to their limits, read something each, let no split wait long, and read everything once', () => {
    const limits = fc.record({ records: fc.integer({ min: 1, max: 40 }), bytes: fc.integer({ min: 1, max: 200 }) });

    fc.assert(
      fc.property(
        fc.array(modelSplit, { minLength: 1, maxLength: 6 }),
        limits,
        fc.nat(9),
        (splits, given, firstEpoch) => {
          const at = splits.map(() => 0);
          const lastRead = splits.map(() => firstEpoch - 1);
          let epoch = firstEpoch;
          for (; ; epoch++) {
            const planned = planBatch({
              epoch,
              plannedAt: 0,
              from: { in: Object.fromEntries(at.map((offset, index): [string, Offset] => [`s${index}`, offset])) },
              surveys: {
                in: Object.fromEntries(splits.map((split, index) => [`s${index}`, surveyOf(split, at[index]!)])),
              },
              limits: given,
              times: {},
              heldBack: new Set(),
              cut: (_node, split, from, bytes) => cutModel(splits[Number(split.slice(1))]!, from as number, bytes),
            });
            if (planned.plan === undefined) {
              expect(planned).toMatchObject({ hasMore: false, isEnd: true });
              break;
            }
            const read = readModel(splits, at, planned.plan);
            expect(sum(read.map(({ records }) => records))).toBeGreaterThan(0);
            expect(sum(read.map(({ records }) => records))).toBeLessThanOrEqual(given.records);
            if (planned.records !== undefined) expect(sum(read.map(({ records }) => records))).toBe(planned.records);
            expect(sum(read.map(({ excess }) => excess))).toBeLessThanOrEqual(given.bytes);
            for (const { index, records } of read) {
              at[index]! += records;
              lastRead[index] = epoch;
            }
            const isDone = at.every((offset, index) => offset === splits[index]!.lengths.length);
            if (planned.isEnd) expect(isDone).toBe(true);
            if (!planned.hasMore) expect(isDone).toBe(true);
            for (const [index, split] of splits.entries()) {
              if (at[index]! < split.lengths.length)
                expect(epoch - lastRead[index]!).toBeLessThanOrEqual(splits.length);
            }
          }
          expect(at).toEqual(splits.map(({ lengths }) => lengths.length));
        },
      ),
    );
  });
});

interface ModelRead {
  readonly index: number;
  readonly records: number;
  /** Bytes of a split that knows them, the first record not counted: it is read however long it is. */
  readonly excess: number;
}

function readModel(splits: readonly ModelSplit[], at: readonly number[], { ranges }: BatchPlan): readonly ModelRead[] {
  return Object.entries(ranges['in'] ?? {}).map(([split, { until, recordsMax }]) => {
    const index = Number(split.slice(1));
    const { lengths, knowsBytes } = splits[index]!;
    const end = Math.min((until as number | undefined) ?? lengths.length, at[index]! + (recordsMax ?? lengths.length));
    const read = lengths.slice(at[index]!, end);
    return { index, records: read.length, excess: knowsBytes ? sum(read.slice(1)) : 0 };
  });
}
