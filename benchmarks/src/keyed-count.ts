/** Throughput of the job that stream processors are compared by: count per key, exactly once. */
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { median } from './harness/distribution.ts';
import { type JobRunResult, runJob, type SteadyState, steadyState } from './harness/job-run.ts';
import type { KeyedCountSettings } from './jobs/keyed-count.job.ts';

const KEYS = 10_000;
const WARM_UP_MS = 5000;
const RUN_MS = 20_000;
const RUNS = 3;
const EPOCH_MS = 1000;

export const keyedCount: Benchmark = {
  name: 'keyed-count',
  question: 'how many records per second does a keyed count take, two workers, exactly once?',
  run: async (context): Promise<BenchmarkResult> => ({
    conditions: {
      keys: `${KEYS} uniformly random, text of 12 characters`,
      record: '{ card, amount }',
      workers: 2,
      parallelism: 2,
      'crossing threads': 'half the records',
      guarantee: 'exactly once (state)',
      'epoch ms': EPOCH_MS,
      fsync: true,
      'warm-up s': WARM_UP_MS / 1000,
      'run s': RUN_MS / 1000,
    },
    measurements: [
      await measureCeiling(context, 'source'),
      await measureCeiling(context, 'source and keyBy'),
      ...(await measureRuns(context)),
    ],
  }),
};

/** The generator alone, or with keyBy: what the count cannot exceed. */
async function measureCeiling(context: BenchmarkContext, stages: KeyedCountSettings['stages']): Promise<Measurement> {
  const { steady } = await run(context, stages, 0.4);
  return { of: `${stages}, no exchange (ceiling)`, figures: figuresOf(steady) };
}

async function measureRuns(context: BenchmarkContext): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  const rates: number[] = [];
  for (let i = 1; i <= RUNS; i++) {
    const { steady, result } = await run(context, 'all', 1);
    rates.push(steady.recordsPerSecond);
    const { commits } = result.status;
    const figures = { ...figuresOf(steady), 'commit p50 ms': commits.p50, 'commit max ms': commits.max };
    const residentMiB = Math.round(result.residentBytesMax / 2 ** 20);
    measurements.push({ of: `keyed count, run ${i}`, figures: { ...figures, 'resident MiB': residentMiB } });
  }
  const recordsPerSecond = median(rates);
  measurements.push({
    of: `keyed count, median of ${RUNS}`,
    figures: { 'records/s': recordsPerSecond, 'records/s per core': recordsPerSecond / context.machine.cores },
  });
  return measurements;
}

async function run(
  context: BenchmarkContext,
  stages: KeyedCountSettings['stages'],
  length: number,
): Promise<{ steady: SteadyState; result: JobRunResult }> {
  context.progress(`${stages}`);
  const warmUpMs = WARM_UP_MS * context.scale * length;
  const jobSettings: KeyedCountSettings = { keys: KEYS, splits: 2, stages };
  const result = await runJob({
    job: 'keyed-count.job.js',
    jobSettings,
    options: { workers: 2, parallelism: 2, epoch: { intervalMs: EPOCH_MS } },
    stateDirectory: context.freshDirectory(),
    // Two more, so that the last commit is behind the end of the run.
    runMs: warmUpMs + RUN_MS * context.scale * length + 2 * EPOCH_MS,
  });
  return { steady: steadyState(result.epochs, warmUpMs), result };
}

function figuresOf({ recordsPerSecond, seconds, epochs, coresUsed }: SteadyState): Measurement['figures'] {
  return {
    'records/s': recordsPerSecond,
    'measured s': seconds,
    epochs,
    'cores used': coresUsed,
    records: Math.round(recordsPerSecond * seconds),
  };
}
