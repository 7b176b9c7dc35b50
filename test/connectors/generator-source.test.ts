import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/connectors/seeded-random.ts';
import { sources } from '../../src/connectors/sources.ts';
import { CollectingEmitter, ManualClock, readAll, readerContext } from './connector-fixture.ts';

const create = (index: number, random: { below(bound: number): number }) => ({ index, user: random.below(1000) });

/** Numbers of the records 0, 1 and 2^40 under seed 42. */
const PINNED: readonly (readonly number[])[] = [
  [841819, 796828, 666781],
  [487553, 138624, 232780],
  [624316, 473414, 617067],
];

describe('a generator', () => {
  it('makes the same records whatever the splits, poll sizes and restarts', () => {
    const expected = readAll(
      sources.generator({ create, records: 50, seed: 7 }).createReader(readerContext({ splits: ['0'] })),
    );
    const property = fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 4 }),
      (splits, limit, life) => {
        const source = sources.generator({ create, records: 50, seed: 7, splits });
        const names = Array.from({ length: splits }, (_, split) => String(split));
        const out = new CollectingEmitter<{ index: number }>();
        let reader = source.createReader(readerContext({ splits: names }));
        for (let turn = 1; reader.poll(out, limit) === 'progress'; turn++) {
          if (turn % life === 0)
            reader = source.createReader(readerContext({ splits: names, offsets: reader.offsets() }));
        }
        expect(out.values.sort((a, b) => a.index - b.index)).toEqual(expected);
      },
    );

    fc.assert(property);
    expect(expected).toHaveLength(50);
  });

  it('keeps an open-loop schedule: nothing early, nothing left out, overdue records with the time they were due', () => {
    const clock = new ManualClock();
    const reader = sources
      .generator({ create: (index) => index, rate: 100 })
      .createReader(readerContext({ splits: ['0'], clock }));
    const out = new CollectingEmitter<number>();

    expect(reader.poll(out, 10)).toBe('progress');
    expect(reader.wakeAt()).toBe(1010);
    clock.timeMs = 1009;
    expect(reader.poll(out, 10)).toBe('idle');
    clock.timeMs = 1050;
    expect(reader.poll(out, 3)).toBe('progress');
    expect(reader.poll(out, 10)).toBe('progress');
    expect(reader.poll(out, 10)).toBe('idle');

    expect(out.values).toEqual([0, 1, 2, 3, 4, 5]);
    expect(out.records.map((record) => record.ingestTime)).toEqual([1000, 1010, 1020, 1030, 1040, 1050]);
    expect(reader.wakeAt()).toBe(1060);
  });

  it('spreads the rate over its splits', () => {
    const clock = new ManualClock();
    const source = sources.generator({ create: (index) => index, rate: 100, splits: 2 });
    const reader = source.createReader(readerContext({ splits: ['1'], clock }));
    const out = new CollectingEmitter<number>();

    expect(reader.poll(out, 10)).toBe('idle');
    clock.timeMs = 1030;
    reader.poll(out, 10);

    expect(out.records.map((record) => [record.value, record.ingestTime])).toEqual([
      [1, 1010],
      [3, 1030],
    ]);
  });

  it('begins its schedule anew at the restored index', () => {
    const clock = new ManualClock();
    const source = sources.generator({ create: (index) => index, rate: 100 });
    const reader = source.createReader(readerContext({ splits: ['0'], clock, offsets: { '0': 500 } }));
    const out = new CollectingEmitter<number>();

    reader.poll(out, 10);

    expect(out.records.map((record) => [record.value, record.ingestTime])).toEqual([[500, 1000]]);
  });

  it('is bounded exactly when it has a number of records, and stops at the end of a range', () => {
    const source = sources.generator({ create: (index) => index, records: 5 });
    const reader = source.createReader(readerContext({ splits: ['0'] }));
    const out = new CollectingEmitter<number>();

    expect(source.isBounded).toBe(true);
    expect(sources.generator({ create }).isBounded).toBe(false);
    expect(reader.poll(out, 10, { '0': 3 })).toBe('progress');
    expect(reader.poll(out, 10, { '0': 3 })).toBe('idle');
    expect(reader.offsets()).toEqual({ '0': 3 });
    expect(reader.poll(out, 10)).toBe('progress');
    expect(reader.poll(out, 10)).toBe('ended');
    expect(out.values).toEqual([0, 1, 2, 3, 4]);
    expect(reader.wakeAt()).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses options that make no sense, all at once', () => {
    const attempt = () => sources.generator({ create, rate: 0, records: -1, splits: 0, seed: 0.5 });

    for (const part of ['rate: must', 'records: must', 'splits: must', 'seed: must']) expect(attempt).toThrow(part);
  });
});

describe('the random numbers of a record', () => {
  it('are pinned: checkpoints rely on them', () => {
    const random = new SeededRandom(42);
    const draw = (index: number) => {
      random.begin(index);
      return [random.below(1_000_000), random.below(1_000_000), random.below(1_000_000)];
    };

    expect([draw(0), draw(1), draw(2 ** 40)]).toEqual(PINNED);
    expect(draw(0)).toEqual(PINNED[0]);
  });

  it('are spread evenly over records and within one', () => {
    const random = new SeededRandom(1);
    const first = new Array<number>(10).fill(0);
    const later = new Array<number>(10).fill(0);
    for (let index = 0; index < 20_000; index++) {
      random.begin(index);
      first[random.below(10)]!++;
      later[random.below(10)]!++;
    }

    for (const count of [...first, ...later]) {
      expect(count).toBeGreaterThan(1800);
      expect(count).toBeLessThan(2200);
    }
  });

  it('are in range, and picks are members', () => {
    const random = new SeededRandom(3);
    random.begin(9);

    for (let i = 0; i < 1000; i++) {
      const next = random.next();
      expect(next >= 0 && next < 1).toBe(true);
      expect(['a', 'b']).toContain(random.pick(['a', 'b']));
    }
  });
});
