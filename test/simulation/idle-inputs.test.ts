import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, type EngineMode, sinks, windows } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';
import { type TimedRecord, timedSource } from '../support/timed-source.ts';

interface Row {
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly records: number;
}

const SECOND = 1000;

/** One record a second in split 0; split 1 has one at the start and another one at 18 s. Neither ends. */
function silentJob(idleTimeoutMs: number) {
  const sink = sinks.memory<Row>();
  const late = sinks.memory<TimedRecord>();
  const arrivals = [Array.from({ length: 20 }, (_, i) => i * SECOND), [0, 18 * SECOND]];
  const job = defineJob('silent', (builder) => {
    const rows = builder
      .source('in', timedSource({ arrivals, hasEnd: false }))
      .withEventTime(({ index }: TimedRecord) => index * SECOND, { idleTimeoutMs })
      .keyBy(() => 'all')
      .window(windows.tumbling({ sizeMs: 5 * SECOND }))
      .aggregate({ records: aggregates.count() })
      .named('counts');
    rows.to('out', sink);
    rows.side('late').to('late', late);
  });
  return { job, sink, late };
}

describe.each<EngineMode>(['continuous', 'microbatch'])('a silent input in %s mode', (mode) => {
  const options = { mode, parallelism: 2, workers: 2, epoch: { intervalMs: 500 } };
  const until = { kind: 'duration' as const, durationMs: 25 * SECOND };

  it('is not waited for behind its idle timeout; what it has to say later is late, counted and not lost', async () => {
    const { job, sink, late } = silentJob(3 * SECOND);

    const { outcome, status } = await simulateJob(job, { seed: 1, options, until });

    expect(outcome).toEqual({ kind: 'completed', stop: 'drain' });
    expect(sink.records).toEqual([
      { key: 'all', windowStart: 0, windowEnd: 5000, records: 6 },
      { key: 'all', windowStart: 5000, windowEnd: 10_000, records: 5 },
      { key: 'all', windowStart: 10_000, windowEnd: 15_000, records: 5 },
    ]);
    expect(late.records).toEqual([{ split: 1, index: 1 }]);
    expect(status.late).toEqual({ counts: 1 });
  });

  it('is waited for as long as the job says, and named', async () => {
    const { job, sink } = silentJob(Number.POSITIVE_INFINITY);

    const { status } = await simulateJob(job, { seed: 1, options, until });

    expect(sink.records).toEqual([]);
    expect(status.time.heldBackBy).toMatchObject({ source: 'in', split: '1', watermark: 1000 });
    expect(status.time.idleSplits).toBe(0);
  });

  it('does not take the watermark back over a restart', async () => {
    const { job, sink } = silentJob(3 * SECOND);

    const first = await simulateJob(job, { seed: 1, options, until: { kind: 'duration', durationMs: 11 * SECOND } });
    const before = sink.records.length;
    const { status } = await simulateJob(job, { seed: 2, options, until, disk: first.disk });

    expect(before).toBe(2);
    expect(sink.records.map(({ windowStart, records }) => [windowStart, records])).toEqual([
      [0, 6],
      [5000, 5],
      [10_000, 5],
    ]);
    expect(status.late).toEqual({ counts: 1 });
  });
});
