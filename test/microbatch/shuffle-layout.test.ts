import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveShuffle } from '../../src/microbatch/shuffle-layout.ts';
import { ownerOf } from '../../src/model/index.ts';
import type { Partitioning } from '../../src/plan/logical-plan.ts';
import type { PhysicalPlan } from '../../src/plan/physical-plan.ts';
import '../support/property-seed.ts';

function layoutOf(partitioning: Partitioning, producers: number, consumers: number, keyGroups = 128) {
  const exchange = { index: 0, from: 0, fromNode: 'a', output: 0, to: 1, input: 0 as const, partitioning };
  const plan = { keyGroups, stages: [{ parallelism: producers }, { parallelism: consumers }], exchanges: [exchange] };
  return deriveShuffle(plan as unknown as PhysicalPlan, exchange);
}

const range = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

describe('the layout of a shuffle', () => {
  it('of a hash exchange gives every key group to the subtask that owns it, and to no other (I11)', () => {
    const parallelisms = fc.record({
      producers: fc.integer({ min: 1, max: 8 }),
      keyGroups: fc.integer({ min: 1, max: 300 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });

    fc.assert(
      fc.property(parallelisms, ({ producers, keyGroups, share }) => {
        // A subtask owns one key group at least.
        const consumers = 1 + Math.floor(share * Math.min(31, keyGroups - 1));
        const layout = layoutOf('hash', producers, consumers, keyGroups);

        for (const group of range(keyGroups)) {
          const bin = ownerOf(group, layout.bins, keyGroups);
          const readers = range(consumers).filter((consumer) => {
            const { first, last } = layout.binsOf(consumer);
            return first <= bin && bin <= last;
          });
          expect(readers).toEqual([ownerOf(group, consumers, keyGroups)]);
        }
        expect(layout.producersOf(consumers - 1)).toEqual(range(producers));
      }),
    );
  });

  it.each<[Partitioning]>([['rebalance'], ['broadcast']])('of a %s exchange has one bin for each consumer', (kind) => {
    const layout = layoutOf(kind, 2, 3);

    expect(layout.bins).toBe(3);
    expect(range(3).map((consumer) => layout.binsOf(consumer))).toEqual(
      range(3).map((bin) => ({ first: bin, last: bin })),
    );
    expect(layout.producersOf(1)).toEqual([0, 1]);
  });

  it('of a forward exchange joins subtasks of equal number', () => {
    const layout = layoutOf('forward', 3, 3);

    expect(layout.bins).toBe(1);
    expect(range(3).map((consumer) => layout.producersOf(consumer))).toEqual([[0], [1], [2]]);
    expect(layout.binsOf(2)).toEqual({ first: 0, last: 0 });
  });
});
