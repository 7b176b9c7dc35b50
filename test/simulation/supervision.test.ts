/** Which failures a whole job survives, and how soon it gives up on those it cannot. */
import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, type JobStatus, OperatorError, sinks, sources } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

const RECORDS = 400;
const OPTIONS = { parallelism: 1, workers: 1, epoch: { intervalMs: 1 }, restart: { delayMs: 1, delayMaxMs: 1 } };

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

describe('a job with one hot key', () => {
  it('survives more failures of the key than make a record poisonous, because epochs are committed in between', async () => {
    const failing = new Set([50, 100, 150, 200, 250, 300]);
    const { job, sink } = hotKeyJob((index) => {
      if (failing.delete(index)) throw new Error(`the service was away at ${index}`);
    });

    const { outcome, status } = await simulateJob(job, { seed: 1, options: OPTIONS });

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

    const failed = simulateJob(job, { seed: 1, options: OPTIONS });

    await expect(failed).rejects.toThrow(/failed 3 times.*cannot be divided/);
    // A commit between the first failure and the second is progress; then the input before the record is used up.
    expect(failures).toBeLessThanOrEqual(5);
  });
});

describe('an error that depends on the input alone', () => {
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

    const failed = simulateJob(job, { seed: 2, options: OPTIONS, isEncodingForced: true });

    await expect(failed).rejects.toThrow(said);
    expect(failures).toBeGreaterThanOrEqual(2);
    expect(failures).toBeLessThanOrEqual(4);
  });
});

function restartNumbers({ number }: JobStatus['recentRestarts'][number]): number {
  return number;
}
