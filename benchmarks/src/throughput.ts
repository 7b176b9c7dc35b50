/** Throughput of the jobs that stream processors are compared by, in both modes: without state, and counted per key, exactly once. */
import type { JobOptionsInput } from 'millrace';
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { median } from './harness/distribution.ts';
import { type JobRunResult, runJob, type SteadyState, steadyState } from './harness/job-run.ts';
import type { KeyedCountSettings } from './jobs/keyed-count.job.ts';

const KEYS = 10_000;
const WARM_UP_MS = 5000;
const RUN_MS = 20_000;
const RUNS = 3;
const EPOCH_MS = 1000;

type Stages = KeyedCountSettings['stages'];
type Mode = 'continuous' | 'microbatch';

/** Batches follow one another at once. So many records take about 500 ms here. */
const BATCH_RECORDS: Readonly<Record<Stages, number>> = {
  source: 16_000_000,
  'source and keyBy': 16_000_000,
  'map and filter': 14_000_000,
  all: 1_500_000,
};

function optionsOf(mode: Mode, stages: Stages): JobOptionsInput {
  return mode === 'continuous'
    ? { mode, epoch: { intervalMs: EPOCH_MS } }
    : { mode, batch: { recordsMax: BATCH_RECORDS[stages] } };
}

const CONDITIONS: BenchmarkResult['conditions'] = {
  keys: `${KEYS} uniformly random, text of 12 characters`,
  record: '{ card, amount }',
  workers: 2,
  parallelism: 2,
  guarantee: 'exactly once (state)',
  'epoch ms, continuous': EPOCH_MS,
  'batches, microbatch': 'as soon as possible, of so many records that they take about 500 ms',
  fsync: true,
  'warm-up s': WARM_UP_MS / 1000,
  'run s': RUN_MS / 1000,
};

export const keyedCount: Benchmark = {
  name: 'keyed-count',
  question: 'how many records per second does a keyed count take in each mode, two workers, exactly once?',
  run: async (context): Promise<BenchmarkResult> => ({
    conditions: { ...CONDITIONS, 'crossing threads': 'continuous: half the records; microbatch: all are encoded' },
    measurements: [
      await measureCeiling(context, 'source'),
      await measureCeiling(context, 'source and keyBy'),
      ...(await measurePairs(context, 'all')),
    ],
  }),
};

export const stateless: Benchmark = {
  name: 'stateless',
  question: 'how many records per second pass source, map, filter and sink in each mode, two workers?',
  run: async (context): Promise<BenchmarkResult> => ({
    conditions: CONDITIONS,
    measurements: await measurePairs(context, 'map and filter'),
  }),
};

/** The generator alone, or with keyBy: what the count cannot exceed. */
async function measureCeiling(context: BenchmarkContext, stages: Stages): Promise<Measurement> {
  const { steady } = await run(context, 'continuous', stages, 0.4);
  return { of: `${stages}, no exchange (ceiling)`, figures: figuresOf(steady) };
}

/** The modes in turn, so that a change of the machine's mood reaches both. */
async function measurePairs(context: BenchmarkContext, stages: Stages): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  const rates: Record<Mode, number[]> = { continuous: [], microbatch: [] };
  for (let i = 1; i <= RUNS; i++) {
    for (const mode of ['continuous', 'microbatch'] as const) {
      const { steady, result } = await run(context, mode, stages, 1);
      rates[mode].push(steady.recordsPerSecond);
      const { commits } = result.status;
      const figures = {
        ...figuresOf(steady),
        'ms per epoch': (1000 * steady.seconds) / steady.epochs,
        'commit p50 ms': commits.p50,
        'commit max ms': commits.max,
      };
      const residentMiB = Math.round(result.residentBytesMax / 2 ** 20);
      measurements.push({ of: `${mode}, run ${i}`, figures: { ...figures, 'resident MiB': residentMiB } });
    }
  }
  for (const mode of ['continuous', 'microbatch'] as const) {
    const recordsPerSecond = median(rates[mode]);
    measurements.push({
      of: `${mode}, median of ${RUNS}`,
      figures: { 'records/s': recordsPerSecond, 'records/s per core': recordsPerSecond / context.machine.cores },
    });
  }
  const ratios = rates.microbatch.map((rate, i) => rate / rates.continuous[i]!);
  measurements.push({
    of: 'microbatch / continuous, median of pairs',
    figures: { ratio: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios), pairs: RUNS },
  });
  return measurements;
}

async function run(
  context: BenchmarkContext,
  mode: Mode,
  stages: Stages,
  length: number,
): Promise<{ steady: SteadyState; result: JobRunResult }> {
  context.progress(`${stages}, ${mode}`);
  const warmUpMs = WARM_UP_MS * context.scale * length;
  const jobSettings: KeyedCountSettings = { keys: KEYS, splits: 2, stages };
  const result = await runJob({
    job: 'keyed-count.job.js',
    jobSettings,
    options: { workers: 2, parallelism: 2, ...optionsOf(mode, stages) },
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
