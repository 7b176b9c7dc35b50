/** Local aggregation before an exchange: what a record costs from its key to its window with it and without it. */
import type { Benchmark, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { measureIn } from './harness/fork.ts';
import type { PartialsResult, PartialsSettings } from './micro/partials.ts';

/** Steps of 256 records are those of continuous mode; a task of microbatch mode flushes once, or at 4,096 groups. */
const CASES: readonly Pick<PartialsSettings, 'recordsPerStep' | 'keys' | 'skew'>[] = [
  { recordsPerStep: 256, keys: 20, skew: 0 },
  { recordsPerStep: 256, keys: 1000, skew: 1 },
  { recordsPerStep: 256, keys: 1000, skew: 0 },
  { recordsPerStep: 4096, keys: 1000, skew: 1 },
  { recordsPerStep: 4096, keys: 1000, skew: 0 },
];

export const partials: Benchmark = {
  name: 'partials',
  question: 'what does local aggregation before an exchange save?',
  run: async (context): Promise<BenchmarkResult> => {
    const measurements: Measurement[] = [];
    for (const { recordsPerStep, keys, skew } of CASES) {
      const of = `${recordsPerStep} records per step, ${keys} keys, ${skew === 0 ? 'all alike' : 'Zipf'}`;
      context.progress(of);
      const recordsPerRound = Math.round(200_000 * context.scale);
      const settings: PartialsSettings = { rounds: 7, recordsPerRound, recordsPerStep, keys, skew };
      const result = await measureIn<PartialsResult>(new URL('./micro/partials.js', import.meta.url), settings);
      measurements.push({
        of,
        figures: {
          'direct ns per record': result.directNs,
          'local ns per record': result.localNs,
          'direct bytes per record': result.directBytes,
          'local bytes per record': result.localBytes,
          'records crossing, share': result.partialsPerRecord,
        },
      });
    }
    return { conditions: { window: 'tumbling', fields: 'count, mean', threads: 1 }, measurements };
  },
};
