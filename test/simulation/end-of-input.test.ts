/** The end of all input is the end of time for both clocks: whatever is still set fires before the job is complete. */
import { describe, expect, it } from 'vitest';
import { defineJob, type EngineMode, records, sinks, sources } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

const HOUR = 3_600_000;
const RECORDS = 40;

interface Fired {
  readonly name: string;
  readonly waitedMs: number;
}

describe.each<EngineMode>(['continuous', 'microbatch'])('at the end of all input, in %s mode', (mode) => {
  it.each([1, 2, 3, 4, 5, 6])(
    'timers of both clocks fire once each, with the times they were set to, seed %i',
    async (seed) => {
      const sink = sinks.memory<Fired>();
      const job = defineJob('ending', (builder) => {
        builder
          .source('in', sources.generator({ records: RECORDS, splits: 2, create: (index) => index }))
          .withEventTime((index) => index)
          .keyBy((index) => index % 5)
          .process({
            emits: records<Fired>(),
            process(index, { now, processingTimers, timers }) {
              processingTimers.set(`wall ${index} ${now}`, now + HOUR);
              timers.set(`event ${index} ${index}`, index + HOUR);
            },
            onTimer({ name, at }, { emit }) {
              const [domain, index, setAt] = name.split(' ');
              emit({ name: `${domain} ${index}`, waitedMs: at - Number(setAt) });
            },
          })
          .to('out', sink);
      });

      const { outcome, disk } = await simulateJob(job, {
        seed,
        options: { mode, parallelism: 1 + (seed % 3), workers: 2, batch: { recordsMax: 9 }, epoch: { records: 7 } },
        faults: { workerKills: 1, crashes: 2 },
      });
      const again = await simulateJob(job, { seed, disk, options: { mode } });

      expect([outcome, again.outcome]).toEqual(Array(2).fill({ kind: 'completed', stop: 'complete' }));
      const names = ['event', 'wall'].flatMap((domain) => Array.from({ length: RECORDS }, (_, i) => `${domain} ${i}`));
      expect(sink.records.map(({ name }) => name).sort()).toEqual(names.sort());
      expect(new Set(sink.records.map(({ waitedMs }) => waitedMs))).toEqual(new Set([HOUR]));
    },
  );
});
