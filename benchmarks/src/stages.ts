/** What a record costs the stages of a batch themselves, in one thread: no pool, no barrier, no commit. For orientation. */
import type { Benchmark, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { measureIn } from './harness/fork.ts';
import type { StagesResult, StagesSettings } from './micro/stages.ts';

const RECORDS = 1_000_000;
const BATCHES = 12;
const RUNS = 3;

export const stages: Benchmark = {
  name: 'stages',
  question: 'what does a record cost the stages of a keyed count in microbatch mode, without pool and barriers?',
  run: async (context): Promise<BenchmarkResult> => {
    const measurements: Measurement[] = [];
    for (const keys of [10_000, 100_000]) {
      for (let run = 1; run <= RUNS; run++) {
        context.progress(`${keys} keys, run ${run}`);
        const records = Math.round(RECORDS * context.scale);
        const settings: StagesSettings = { keys, records, batches: BATCHES, parallelism: 2 };
        const { sourceUs, countUs } = await measureIn<StagesResult>(
          new URL('./micro/stages.js', import.meta.url),
          settings,
        );
        measurements.push({
          of: `${keys.toLocaleString('en-US')} keys, run ${run}`,
          figures: {
            'source us/record': sourceUs,
            'count us/record': countUs,
            'both us/record': sourceUs + countUs,
            batches: BATCHES,
          },
        });
      }
    }
    return {
      conditions: {
        record: '{ card, amount }, keyed by card',
        'records per batch': RECORDS,
        threads: 1,
        parallelism: 2,
        figures: 'medians of the batches of a run',
      },
      measurements,
    };
  },
};
