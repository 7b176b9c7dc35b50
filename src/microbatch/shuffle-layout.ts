/**
 * How an exchange is laid out as a shuffle: into how many bins its producers write, and which of them a consumer reads. Pure.
 *
 * A hash exchange has several bins per consumer, each a range of key groups, so that a consumer works through few keys at a
 * time, whose state stays in the caches of the processor (radix partitioning: Manegold, Boncz, Kersten, 2002).
 */
import { assert, type SubtaskIndex } from '../model/index.ts';
import type { Exchange, PhysicalPlan } from '../plan/physical-plan.ts';

export interface ShuffleLayout {
  readonly bins: number;
  /** Producer subtasks that a consumer reads: all, or the one with its own number. */
  producersOf(consumer: SubtaskIndex): readonly SubtaskIndex[];
  /** Both inclusive. */
  binsOf(consumer: SubtaskIndex): { readonly first: number; readonly last: number };
}

/** Bins of a hash exchange for each consumer, if there are key groups for so many. More gain nothing. */
const BINS_PER_CONSUMER_MAX = 8;

/** Of an exchange: beyond, frames become small, and writing them slower than the consumer gains. */
const BINS_MAX = 64;

export function deriveShuffle(plan: PhysicalPlan, exchange: Exchange): ShuffleLayout {
  const producers = range(plan.stages[exchange.from]!.parallelism);
  const consumers = plan.stages[exchange.to]!.parallelism;
  switch (exchange.partitioning) {
    case 'forward':
      assert(producers.length === consumers, `forward exchange ${exchange.index} joins stages of unequal parallelism`);
      return { bins: 1, producersOf: (consumer) => [consumer], binsOf: () => ({ first: 0, last: 0 }) };
    case 'hash': {
      // Bins nest in the key groups of consumers: floor(floor(g * P * n / G) / n) = floor(g * P / G).
      const each = Math.max(
        1,
        Math.min(BINS_PER_CONSUMER_MAX, Math.floor(Math.min(BINS_MAX, plan.keyGroups) / consumers)),
      );
      return {
        bins: consumers * each,
        producersOf: () => producers,
        binsOf: (consumer) => ({ first: consumer * each, last: (consumer + 1) * each - 1 }),
      };
    }
    case 'rebalance':
    case 'broadcast':
      return {
        bins: consumers,
        producersOf: () => producers,
        binsOf: (consumer) => ({ first: consumer, last: consumer }),
      };
  }
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}
