import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, type EngineMode, sinks, windows } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';
import { type TimedRecord, timedSource } from '../support/timed-source.ts';

const SECOND = 1000;

/** `fast` is ten seconds ahead of `slow`, and both go on. */
function twoSources() {
  const sink = sinks.memory<{ windowStart: number; records: number }>();
  const arrivals = [Array.from({ length: 20 }, (_, i) => i * SECOND)];
  const never = { idleTimeoutMs: Number.POSITIVE_INFINITY };
  const job = defineJob('two', (builder) => {
    const at = (name: string, aheadMs: number) =>
      builder
        .source(name, timedSource({ arrivals, hasEnd: false }))
        .withEventTime(({ index }: TimedRecord) => index * SECOND + aheadMs, never);
    at('slow', 0)
      .merge(at('fast', 10 * SECOND))
      .keyBy(() => 'all')
      .window(windows.tumbling({ sizeMs: 5 * SECOND }))
      .aggregate({ records: aggregates.count() })
      .named('counts')
      .to('out', sink);
  });
  return { job, sink };
}

describe.each<EngineMode>(['continuous', 'microbatch'])('the watermark of two sources in %s mode', (mode) => {
  const options = { mode, parallelism: 2, workers: 2, epoch: { intervalMs: 500 } };
  const until = { kind: 'duration' as const, durationMs: 25 * SECOND };

  it('is that of the slower one by default: nothing is late', async () => {
    const { job, sink } = twoSources();

    const { status } = await simulateJob(job, { seed: 1, options, until });

    expect(sink.records.map(({ windowStart, records }) => [windowStart, records])).toEqual([
      [0, 5],
      [5000, 5],
      [10_000, 10],
    ]);
    expect(status.late).toEqual({});
    expect(status.time.heldBackBy).toMatchObject({ source: 'slow' });
  });

  it('is that of the faster one with policy max: windows close by it, and what the slower one brings is late', async () => {
    const { job, sink } = twoSources();

    const { status } = await simulateJob(job, {
      seed: 1,
      options: { ...options, watermark: { policy: 'max' } },
      until,
    });

    const counted = sink.records.reduce((sum, { records }) => sum + records, 0);
    expect(sink.records.at(-1)).toMatchObject({ windowStart: 20_000 });
    expect(status.late['counts']).toBeGreaterThan(0);
    // Those of the last window are still open.
    expect(counted + status.late['counts']!).toBe(status.recordsRead - 5);
    expect(status.time.heldBackBy).toMatchObject({ source: 'fast' });
  });

  it('stays as it was over a restart: another policy is refused by name', async () => {
    const { job } = twoSources();
    const first = await simulateJob(job, { seed: 1, options, until });

    const other = simulateJob(twoSources().job, {
      seed: 1,
      options: { ...options, watermark: { policy: 'max' } },
      until,
      disk: first.disk,
    });

    await expect(other).rejects.toThrow(/watermark policy was "min", is now "max"/);
  });

  it('counts late records on over a restart', async () => {
    const { job } = twoSources();
    const late = { ...options, watermark: { policy: 'max' as const } };
    const first = await simulateJob(job, {
      seed: 1,
      options: late,
      until: { kind: 'duration', durationMs: 12 * SECOND },
    });

    const second = await simulateJob(twoSources().job, { seed: 1, options: late, until, disk: first.disk });

    expect(first.status.late['counts']).toBeGreaterThan(0);
    expect(second.status.late['counts']).toBeGreaterThan(first.status.late['counts']!);
  });
});
