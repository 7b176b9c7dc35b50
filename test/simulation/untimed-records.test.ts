import { describe, expect, it } from 'vitest';
import { aggregates, defineJob, type EngineMode, sinks, sources, windows } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';
import { type TimedRecord, timedSource } from '../support/timed-source.ts';

const SECOND = 1000;
const MODES: readonly EngineMode[] = ['continuous', 'microbatch'];

/** One record a second in each split for 20 s; no record of split 1 has a time. Neither ends. */
function halfTimed() {
  const arrivals = [0, 1].map(() => Array.from({ length: 20 }, (_, i) => i * SECOND));
  return defineJob('half', (builder) => {
    builder
      .source('in', timedSource({ arrivals, hasEnd: false }))
      .withEventTime(({ split, index }: TimedRecord) => (split === 1 ? null : index * SECOND), {
        idleTimeoutMs: 60_000,
      })
      .keyBy(() => 'all')
      .window(windows.tumbling({ sizeMs: 5 * SECOND }))
      .aggregate({ records: aggregates.count() })
      .named('counts')
      .to('out', sinks.memory());
  });
}

describe.each(MODES)('records without event time in %s mode', (mode) => {
  it('are told by source, and as what holds the watermark back, and are counted on over a restart', async () => {
    const options = { mode, parallelism: 2, workers: 2, epoch: { intervalMs: 500 } };
    const until = (seconds: number) => ({ kind: 'duration' as const, durationMs: seconds * SECOND });

    const first = await simulateJob(halfTimed(), { seed: 1, options, until: until(8) });
    const { untimed, heldBackBy } = first.status.time;
    const second = await simulateJob(halfTimed(), { seed: 1, options, until: until(25), disk: first.disk });

    expect(untimed).toEqual({ in: expect.any(Number) });
    expect(untimed['in']).toBeGreaterThan(5);
    expect(untimed['in']).toBeLessThan(12);
    expect(heldBackBy).toMatchObject({ source: 'in', split: '1', watermark: undefined, untimed: untimed['in'] });
    expect(first.status.late).toEqual({ counts: untimed['in'] });
    expect(second.status.time.untimed).toEqual({ in: 20 });
    expect(second.status.time.heldBackBy).toMatchObject({ split: '1', watermark: undefined, untimed: 20 });
  });

  it('are counted once each, whatever dies; a source without event time has none', async () => {
    const records = Array.from({ length: 400 }, (_, i) => i);
    const job = defineJob('every-third', (builder) => {
      const rows = builder
        .source('in', sources.memory(records))
        .withEventTime((at) => (at % 3 === 0 ? Number.NaN : at))
        .keyBy((at) => at % 5)
        .window(windows.global(), { emit: 'complete', completeEveryMs: 1000 })
        .aggregate({ records: aggregates.count() })
        .named('counts');
      rows.to('out', sinks.memory());
      builder.source('timeless', sources.memory(records)).to('kept', sinks.memory());
    });
    let faults = 0;

    for (let seed = 1; seed <= 10; seed++) {
      const { processes, status } = await simulateJob(job, {
        seed,
        options: { mode, parallelism: 2, workers: 2, epoch: { intervalMs: 1, records: 20 }, batch: { recordsMax: 40 } },
        faults: { workerKills: 2, crashes: 2, stalls: 1 },
        stepRecordsMax: 10,
      });
      faults += status.restarts + processes - 1;
      expect(status.time.untimed).toEqual({ in: 134 });
    }

    expect(faults).toBeGreaterThan(10);
  });
});
