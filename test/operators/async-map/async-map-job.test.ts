/** asyncMap in front of a window, in whole jobs: no result is late there, whatever the calls take and whenever the job is killed. */
import { describe, expect, it } from 'vitest';
import { sinks, sources } from '../../../src/connectors/index.ts';
import { aggregates, windows } from '../../../src/operators/index.ts';
import { defineJob, type JobDefinition } from '../../../src/plan/index.ts';
import { type TestJobOptions, testJob } from '../../../src/testing/test-job.ts';

interface Click {
  readonly user: string;
  readonly time: number;
}

const WINDOW_MS = 10;
const CLICKS: readonly Click[] = Array.from({ length: 32 }, (_, n) => ({ user: `user ${n % 5}`, time: n - (n % 3) }));

/** Some settle at once, some after a while. */
async function enrich(click: Click): Promise<Click & { rank: number }> {
  for (let turn = 0; turn < (click.time * 7) % 5; turn++) await Promise.resolve();
  return { ...click, rank: click.time % 4 };
}

/** Some fail at first: then the clock must move. */
async function enrichAtLast(
  click: Click,
  { attempt }: { readonly attempt: number },
): Promise<Click & { rank: number }> {
  if (click.time % 11 === 3 && attempt === 1) throw new Error('not yet');
  return enrich(click);
}

function jobOf(order: 'ordered' | 'unordered', isKeyed: boolean, call: typeof enrichAtLast): JobDefinition {
  return defineJob('enriched', (job) => {
    const clicks = job
      .source('clicks', sources.memory<Click>([]))
      .withEventTime(({ time }) => time, { outOfOrderMs: 3 });
    const options = { order, concurrency: 4, backoffMs: 5 } as const;
    const keyed = isKeyed
      ? clicks.keyBy(({ user }) => user).asyncMap(call, options)
      : clicks.asyncMap(call, options).keyBy(({ user }) => user);
    keyed
      .window(windows.tumbling({ sizeMs: WINDOW_MS }))
      .aggregate({ clicks: aggregates.count(), ranks: aggregates.sum(({ rank }: { rank: number }) => rank) })
      .to('out', sinks.memory());
  });
}

/** By a plain program. */
function expectedRows(): unknown[] {
  const rows = new Map<
    string,
    { key: string; windowStart: number; windowEnd: number; clicks: number; ranks: number }
  >();
  for (const { user, time } of CLICKS) {
    const windowStart = Math.floor(time / WINDOW_MS) * WINDOW_MS;
    const id = `${user} ${windowStart}`;
    const before = rows.get(id) ?? { key: user, windowStart, windowEnd: windowStart + WINDOW_MS, clicks: 0, ranks: 0 };
    rows.set(id, { ...before, clicks: before.clicks + 1, ranks: before.ranks + (time % 4) });
  }
  return [...rows.values()];
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

const VARIANTS = (['ordered', 'unordered'] as const).flatMap((order) =>
  [false, true].flatMap((isKeyed) =>
    [false, true].map((restoreEachStep) => ({ order, isKeyed, parallelism: isKeyed ? 3 : 1, restoreEachStep })),
  ),
);

describe.each(['continuous', 'microbatch'] as const)('asyncMap in a %s job', (mode) => {
  it.each(VARIANTS)('leaves every record in time for the window behind it: %j', async (variant) => {
    const { order, isKeyed, parallelism, restoreEachStep } = variant;
    // A call that begins anew with every restart would never come to its second try.
    const call = restoreEachStep ? enrich : enrichAtLast;
    const options: TestJobOptions = { mode, restoreEachStep, options: { parallelism } };
    const job = testJob(jobOf(order, isKeyed, call), options);
    for (const [n, click] of CLICKS.entries()) {
      job.source<Click>('clicks').add(click);
      // Sometimes many are under way, sometimes none.
      if (n % 7 === 0) await job.settle();
      if (n % 13 === 0) job.advanceTime(20);
    }
    job.end();
    const expected = expectedRows();
    const isDone = (): boolean => job.sink('out').rows().length >= expected.length;
    for (let turn = 0; turn < 50 && !isDone(); turn++) {
      await job.settle();
      if (!isDone()) job.advanceTime(20);
    }
    const rows = [...job.sink('out').rows()];
    job.close();

    expect(rows.sort(byText)).toEqual(expected.sort(byText));
  });
});

describe.each(['continuous', 'microbatch'] as const)(
  'behind an asyncMap with nothing under way, in %s mode',
  (mode) => {
    it('what was late before a restart is late after it', async () => {
      const driven = testJob(
        defineJob('late', (job) => {
          const rows = job
            .source('in', sources.memory<number>([]))
            .withEventTime((at) => at)
            .keyBy((at) => at)
            // In one chain with what follows.
            .deduplicate({ scope: 'forever' })
            .asyncMap(async (at) => at)
            .window(windows.tumbling({ sizeMs: WINDOW_MS }))
            .aggregate({ times: aggregates.collect((at: number) => at, { limit: 9 }) });
          rows.to('out', sinks.memory());
          rows.side('late').to('late', sinks.memory());
        }),
        { mode },
      );
      const source = driven.source<number>('in');
      // What settles behind an epoch is in the next one.
      const settleAll = async (): Promise<void> => void (await driven.settle()).advanceTime(1);

      for (const at of [5, 100]) {
        source.add(at);
        await settleAll();
      }
      driven.restart();
      for (const at of [3, 104]) {
        source.add(at);
        await settleAll();
      }

      expect(
        driven
          .sink<{ times: number[] }>('out')
          .rows()
          .map(({ times }) => times),
      ).toEqual([[5]]);
      expect(driven.sink('late').rows()).toEqual([3]);
      driven.close();
    });
  },
);
