import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME, type Key, StreamRecord, TIME_UNSET } from '../../src/model/index.ts';
import { type DeduplicateOptions, deduplicateBlueprint } from '../../src/operators/index.ts';
import { DrivenOperator } from '../../src/testing/driven-operator.ts';
import { type HarnessStep, runOperator, step } from '../../src/testing/operator-harness.ts';
import { recordOf, valuesOf } from './records.ts';

function run(options: DeduplicateOptions, ...input: readonly HarnessStep[]): readonly unknown[][] {
  const { create, problems, outputs } = deduplicateBlueprint(options);
  expect(problems).toEqual([]);
  const late = outputs.length === 2 ? { lateOutput: 1 } : {};
  return valuesOf(runOperator({ create, input, outputs: outputs.length, isStateful: true, ...late }));
}

describe('deduplication for ever', () => {
  it('lets the first record of each key through, as it is', () => {
    const input = [recordOf('a1', 'a', 5), recordOf('b1', 'b', 4), recordOf('a2', 'a', 3), recordOf('b2', 'b', 9)];
    const { create } = deduplicateBlueprint({ scope: 'forever' });

    expect(runOperator({ create, input, isStateful: true })).toEqual([[input[0], input[1]]]);
  });

  it('asks for no event time, and calls nothing late', () => {
    const input = [
      step.watermark(100),
      recordOf(1, 'a', Number.NaN),
      recordOf(2, 'a', 50),
      step.watermark(END_OF_TIME),
    ];

    expect(run({ scope: 'forever' }, ...input)).toEqual([[1]]);
  });
});

describe('deduplication within the watermark', () => {
  const options: DeduplicateOptions = { scope: 'watermark', withinMs: 10 };

  it('forgets a key when the watermark comes to the time of its first record plus the bound', () => {
    const input = [
      recordOf(1, 'a', 5),
      step.watermark(14),
      recordOf(2, 'a', 30),
      step.watermark(15),
      recordOf(3, 'a', 30),
    ];

    expect(run(options, ...input)).toEqual([[1, 3], []]);
  });

  it('counts from the first record, whatever the times of repeats', () => {
    const input = [recordOf(1, 'a', 5), recordOf(2, 'a', 14), step.watermark(15), recordOf(3, 'a', 16)];

    expect(run(options, ...input)).toEqual([[1, 3], []]);
  });

  it('calls late what is at or before the watermark or has no time, before it looks at the key', () => {
    const input = [
      step.watermark(10),
      recordOf(1, 'a', 10),
      recordOf(2, 'b', Number.NaN),
      recordOf(3, 'a', 11),
      recordOf(4, 'a', 9),
      recordOf(5, 'a', 12),
    ];

    expect(run(options, ...input)).toEqual([[3], [1, 2, 4]]);
  });

  it('lets through what a plain program does, and keeps nothing in the end', () => {
    const actions = fc.array(
      fc.record({
        kind: fc.constantFrom('record' as const, 'record' as const, 'watermark' as const),
        key: fc.constantFrom<Key>('a', 'b', ''),
        jitter: fc.integer({ min: -12, max: 12 }),
      }),
      { maxLength: 80, size: 'max' },
    );
    fc.assert(
      fc.property(actions, fc.integer({ min: 0, max: 20 }), (all, withinMs) => {
        const steps = all.map(({ kind, key, jitter }, id) => ({ kind, key, time: id + jitter, id }));
        const { create } = deduplicateBlueprint({ scope: 'watermark', withinMs });
        const outputs: number[][] = [[], []];
        const onEmit = (output: number, { value }: StreamRecord): void => void outputs[output]!.push(value as number);
        const driven = new DrivenOperator({ create, state: 'keyed', onEmit });
        for (const { kind, key, time, id } of steps) {
          if (kind === 'watermark') driven.advanceWatermark(time);
          else driven.process(new StreamRecord(id, key, time, 0));
        }
        driven.advanceWatermark(END_OF_TIME);

        const expected: number[][] = [[], []];
        const expiries = new Map<Key, number>();
        let watermark = TIME_UNSET;
        for (const { kind, key, time, id } of steps) {
          if (kind === 'watermark') watermark = Math.max(watermark, time);
          else if (time <= watermark) expected[1]!.push(id);
          else if ((expiries.get(key) ?? TIME_UNSET) <= watermark) {
            expiries.set(key, time + withinMs);
            expected[0]!.push(id);
          }
        }
        expect(outputs).toEqual(expected);
        expect(driven.timers()).toEqual([]);
        for (const key of ['a', 'b', '']) expect(driven.readState(key)).toEqual({});
        driven.close();
      }),
    );
  });
});

describe('deduplication for a time to live', () => {
  const options: DeduplicateOptions = { scope: 'ttl', ttlMs: 100 };

  it('forgets a key so long after its first record by the wall clock, whatever repeats come', () => {
    const input = [
      recordOf(1, 'a'),
      step.time(60),
      recordOf(2, 'a'),
      step.time(39),
      recordOf(3, 'a'),
      step.time(1),
      recordOf(4, 'a'),
    ];

    expect(run(options, ...input)).toEqual([[1, 4]]);
  });
});

describe('the blueprint of a deduplication', () => {
  it.each<[DeduplicateOptions, object]>([
    [{ scope: 'forever' }, { label: 'first of each key, for ever', identity: { scope: 'forever' }, outputs: ['main'] }],
    [
      { scope: 'watermark', withinMs: 5 },
      {
        label: 'first of each key, within 5 ms of event time',
        identity: { scope: 'watermark' },
        outputs: ['main', 'late'],
      },
    ],
    [
      { scope: 'ttl', ttlMs: 5 },
      { label: 'first of each key, for 5 ms', identity: { scope: 'ttl' }, outputs: ['main'] },
    ],
  ])('of %j says what it is', (options, expected) => {
    expect(deduplicateBlueprint(options)).toMatchObject({ kind: 'deduplicate', problems: [], ...expected });
  });

  it.each<[unknown, string]>([
    [{ scope: 'watermark', withinMs: -1 }, "'withinMs' is a whole number of milliseconds, at least 0, not -1"],
    [{ scope: 'ttl', ttlMs: 0 }, "'ttlMs' is a whole number of milliseconds, at least 1, not 0"],
    [{ scope: 'for ever' }, "there is no deduplication of scope 'for ever'; use 'forever'"],
    [{}, "there is no deduplication of scope 'undefined'; use 'forever', 'watermark' or 'ttl'"],
  ])('refuses %j', (options, problem) => {
    expect(deduplicateBlueprint(options as DeduplicateOptions).problems).toEqual([problem]);
  });
});
