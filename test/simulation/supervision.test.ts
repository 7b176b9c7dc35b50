/** Which failures a whole job survives, and how soon it gives up on those it cannot. */
import { describe, expect, it } from 'vitest';
import {
  aggregates,
  defineJob,
  type EngineMode,
  type JobStatus,
  OperatorError,
  sinks,
  sources,
} from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

const RECORDS = 400;
const OPTIONS = {
  parallelism: 1,
  workers: 1,
  epoch: { intervalMs: 1 },
  // With one attempt a failure of a task ends the generation, as a failure of a subtask does in continuous mode.
  batch: { intervalMs: 5, attemptsMax: 1 },
  restart: { delayMs: 1, delayMaxMs: 1 },
};
const MODES: readonly EngineMode[] = ['continuous', 'microbatch'];

/** A count over one hot key; `check` sees each record first. */
function hotKeyJob(check: (index: number) => void) {
  const sink = sinks.memory<{ key: string; count: number }>();
  const job = defineJob('hot', (builder) => {
    builder
      .source('numbers', sources.generator({ rate: 1000, records: RECORDS, create: (index) => ({ index }) }))
      .keyBy(() => 'hot')
      .map(({ index }) => {
        check(index);
        return index;
      })
      .keyBy(() => 'hot')
      .aggregate({ count: aggregates.count() })
      .to('out', sink);
  });
  return { job, sink };
}

describe.each(MODES)('a job with one hot key in %s mode', (mode) => {
  const options = { ...OPTIONS, mode };

  it('survives more failures of the key than make a record poisonous, because epochs are committed in between', async () => {
    const failing = new Set([50, 100, 150, 200, 250, 300]);
    const { job, sink } = hotKeyJob((index) => {
      if (failing.delete(index)) throw new Error(`the service was away at ${index}`);
    });

    const { outcome, status } = await simulateJob(job, { seed: 1, options });

    expect(outcome.kind).toBe('completed');
    expect(sink.records.at(-1)).toEqual({ key: 'hot', count: RECORDS });
    expect(status.recentRestarts.map(restartNumbers)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(status.recentRestarts[2]).toMatchObject({
      code: 'ERR_OPERATOR',
      message: expect.stringContaining('the service was away at 150'),
    });
  });

  it('gives up on a record of it that fails each time, and says so', async () => {
    let failures = 0;
    const { job } = hotKeyJob((index) => {
      if (index !== 50) return;
      failures++;
      throw new Error('cannot be divided');
    });

    const failed = simulateJob(job, { seed: 1, options });

    await expect(failed).rejects.toThrow(/failed 3 times.*cannot be divided/);
    // A commit between the first failure and the second is progress; then the input before the record is used up.
    expect(failures).toBeLessThanOrEqual(5);
  });
});

describe.each(MODES)('an error that depends on the input alone, in %s mode', (mode) => {
  it.each([
    ['a value outside the domain', undefined, /came back after a restart.*ERR_VALUE/],
    ['an expression without a value', 'ERR_EXPRESSION', /came back after a restart.*ERR_EXPRESSION/],
  ] as const)('%s ends the job after the first restart that did not get past it', async (_name, code, said) => {
    let failures = 0;
    const job = defineJob('certain', (builder) => {
      builder
        .source('numbers', sources.generator({ rate: 1000, records: RECORDS, create: (index) => ({ index }) }))
        .rebalance()
        .map(({ index }) => {
          if (index !== 50) return { index, f: 0 as unknown };
          failures++;
          if (code !== undefined) throw new OperatorError('no such field', { code });
          return { index, f: () => index };
        })
        .rebalance()
        .map((row) => row)
        .to('out', sinks.discard());
    });

    const failed = simulateJob(job, { seed: 2, options: { ...OPTIONS, mode }, isEncodingForced: true });

    await expect(failed).rejects.toThrow(said);
    expect(failures).toBeGreaterThanOrEqual(2);
    expect(failures).toBeLessThanOrEqual(4);
  });
});

describe('a task that fails in microbatch mode', () => {
  it('is tried again without a restart, as often as its attempts allow', async () => {
    const failures = new Map([
      [50, 1],
      [150, 3],
    ]);
    const { job, sink } = hotKeyJob((index) => {
      const left = failures.get(index) ?? 0;
      failures.set(index, left - 1);
      if (left > 0) throw new Error(`the service was away at ${index}`);
    });

    const { outcome, status } = await simulateJob(job, {
      seed: 1,
      options: { ...OPTIONS, mode: 'microbatch', batch: { intervalMs: 5, attemptsMax: 4 } },
    });

    expect(outcome.kind).toBe('completed');
    expect(sink.records.map(({ count }) => count)).toEqual(Array.from({ length: RECORDS }, (_, index) => index + 1));
    expect(status).toMatchObject({ restarts: 0, generation: 1, batch: { retries: 4, lostThreads: 0 } });
  });

  it('ends the generation when its attempts are used up, and the batch is run again', async () => {
    let failures = 0;
    const { job, sink } = hotKeyJob((index) => {
      if (index !== 50 || failures === 3) return;
      failures++;
      throw new Error('the service was away');
    });

    const { status } = await simulateJob(job, {
      seed: 1,
      options: { ...OPTIONS, mode: 'microbatch', batch: { intervalMs: 5, attemptsMax: 2 } },
    });

    expect(sink.records.at(-1)).toEqual({ key: 'hot', count: RECORDS });
    expect(status).toMatchObject({ restarts: 1, recentRestarts: [{ code: 'ERR_OPERATOR' }], batch: { retries: 1 } });
  });
});

function restartNumbers({ number }: JobStatus['recentRestarts'][number]): number {
  return number;
}
