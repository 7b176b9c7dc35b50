/** Windows with local aggregation before the exchange give what a plain program gives: in both modes, whatever dies. */
import { describe, expect, it } from 'vitest';
import { sinks, sources } from '../../src/connectors/index.ts';
import type { EngineMode } from '../../src/execution/options.ts';
import { aggregates, windows } from '../../src/operators/index.ts';
import { defineJob } from '../../src/plan/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

const MODES: readonly EngineMode[] = ['continuous', 'microbatch'];
const SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];
const FAULTS = { workerKills: 2, crashes: 3, switches: 1 };
const SIZE = 10;

interface Payment {
  readonly card: string;
  readonly amount: number;
  readonly at: number;
}

/** In order, so that nothing is late whatever the order in which subtasks take their turns. */
const payments: readonly Payment[] = Array.from({ length: 400 }, (_, i) => ({
  card: `card-${(i * 7) % 5}`,
  amount: ((i * 37) % 101) - 50,
  at: Math.floor(i / 6) - 20,
}));

function expectedRows(): string[] {
  return [...grouped()].map(([key, group]) => rowOf(key, group)).sort();
}

function keyOf({ card, at }: Payment): string {
  return `${card} ${Math.floor(at / SIZE) * SIZE}`;
}

function grouped(): Map<string, Payment[]> {
  const groups = new Map<string, Payment[]>();
  for (const payment of payments) groups.set(keyOf(payment), [...(groups.get(keyOf(payment)) ?? []), payment]);
  return groups;
}

function rowOf(key: string, group: readonly Payment[]): string {
  const [card, start] = key.split(' ');
  const amounts = group.map(({ amount }) => amount);
  return JSON.stringify({
    key: card,
    windowStart: Number(start),
    windowEnd: Number(start) + SIZE,
    payments: group.length,
    total: amounts.reduce((a, b) => a + b, 0),
    largest: Math.max(...amounts),
    last: amounts.at(-1),
  });
}

describe.each(MODES)('local aggregation, in %s mode', (mode) => {
  it.each(SEEDS)('gives the rows of a plain program, seed %i', async (seed) => {
    const sink = sinks.memory<object>();
    const job = defineJob('spent', (builder) => {
      builder
        .source('payments', sources.memory(payments))
        .withEventTime(({ at }) => at)
        .keyBy(({ card }) => card)
        .window(windows.tumbling({ sizeMs: SIZE }))
        .aggregate(
          {
            payments: aggregates.count(),
            total: aggregates.sum(({ amount }) => amount),
            largest: aggregates.max(({ amount }) => amount),
            last: aggregates.last(({ amount }) => amount),
          },
          { local: true },
        )
        .to('out', sink);
    });

    expect(job.build().nodes.map(({ kind }) => kind)).toEqual(['source', 'keyBy', 'localAggregate', 'window', 'sink']);

    await simulateJob(job, {
      seed,
      options: { mode, parallelism: 1 + (seed % 3), workers: 2, epoch: { intervalMs: 5 }, batch: { recordsMax: 60 } },
      isEncodingForced: seed % 2 === 0,
      faults: FAULTS,
    });

    expect(sink.records.map((row) => JSON.stringify(row)).sort()).toEqual(expectedRows());
  });

  /** Its records then come by channels, with markers between them: in continuous mode several epochs in one step. */
  it.each(SEEDS)('gives them behind another exchange too, epoch by epoch, seed %i', async (seed) => {
    const sink = sinks.memory<{ key: string; windowStart: number; payments: number; total: number }>();
    const job = defineJob('spread', (builder) => {
      builder
        .source('payments', sources.memory(payments))
        .withEventTime(({ at }) => at, { idleTimeoutMs: Number.POSITIVE_INFINITY })
        .rebalance()
        .keyBy(({ card }) => card)
        .window(windows.tumbling({ sizeMs: SIZE }))
        .aggregate({ payments: aggregates.count(), total: aggregates.sum(({ amount }) => amount) }, { local: true })
        .to('out', sink);
    });

    await simulateJob(job, {
      seed,
      options: { mode, parallelism: 2, workers: 2, epoch: { records: 7 }, batch: { recordsMax: 60 } },
      faults: { workerKills: 3, crashes: 5 },
    });

    const found = sink.records.map(({ key, windowStart, payments, total }) => [key, windowStart, payments, total]);
    const expected = [...grouped()].map(([group, all]) => {
      const [card, start] = group.split(' ');
      return [card, Number(start), all.length, all.reduce((sum, { amount }) => sum + amount, 0)];
    });
    expect(found.map((row) => row.join()).sort()).toEqual(expected.map((row) => row.join()).sort());
  });
});
