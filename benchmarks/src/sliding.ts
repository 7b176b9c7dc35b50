/** Sliding windows of ten slides and of a thousand, of the same slide, over the same records: what a record costs must not depend on it. */
import type { JobOptionsInput } from 'millrace';
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { median } from './harness/distribution.ts';
import { runJob, type SteadyState, steadyState } from './harness/job-run.ts';
import type { SlidingSettings } from './jobs/sliding.job.ts';

const KEYS = 10_000;
/** One for each key: the least that keeps every window of ten slides full. */
const RECORDS_PER_SLIDE = 10_000;
const SHORT = 10;
const LONG = 1000;
/** Behind a whole window of the long ones, in both: then as much is taken out of windows as comes in. */
const WARM_UP_RECORDS = LONG * RECORDS_PER_SLIDE * 1.1;
const RECORDS = 3_000_000;
const PAIRS = 1;
const EPOCH_MS = 1000;

type Mode = 'continuous' | 'microbatch';
const MODES: readonly Mode[] = ['continuous', 'microbatch'];

const BATCH_RECORDS = 200_000;

function optionsOf(mode: Mode, scale: number): JobOptionsInput {
  return mode === 'continuous'
    ? { mode, epoch: { intervalMs: EPOCH_MS } }
    : { mode, batch: { recordsMax: Math.ceil(BATCH_RECORDS * Math.min(1, scale)) } };
}

export const sliding: Benchmark = {
  name: 'sliding',
  question: 'does the cost of a sliding window depend on how many slides are in it?',
  run: async (context): Promise<BenchmarkResult> => {
    const measurements: Measurement[] = [];
    for (const mode of MODES) measurements.push(...(await measurePairs(context, mode)));
    return {
      conditions: {
        keys: `${KEYS} uniformly random, text of 12 characters`,
        aggregate: 'count',
        'records per slide': `${RECORDS_PER_SLIDE}, hence a row for each record or nearly`,
        'warm-up records': `${WARM_UP_RECORDS}: more than a whole window of ${LONG} slides`,
        'disorder ms': 0,
        workers: 2,
        parallelism: 'one source, windows on both workers',
        'epoch ms, continuous': EPOCH_MS,
        'batches, microbatch': `${BATCH_RECORDS} records, as soon as possible`,
        guarantee: 'exactly once (state)',
        fsync: true,
      },
      measurements,
    };
  },
};

/** Short and long in turn, so that a change of the machine's mood reaches both. */
async function measurePairs(context: BenchmarkContext, mode: Mode): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  const ratios: number[] = [];
  for (let pair = 1; pair <= PAIRS; pair++) {
    const rates: number[] = [];
    for (const slides of [SHORT, LONG]) {
      context.progress(`${mode}, size / slide ${slides}, run ${pair}`);
      const steady = await run(context, mode, slides);
      rates.push(steady.recordsPerSecond);
      measurements.push({ of: `${mode}, size / slide ${slides}, run ${pair}`, figures: figuresOf(steady) });
    }
    ratios.push(rates[0]! / rates[1]!);
  }
  const figures = { ratio: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios), pairs: PAIRS };
  measurements.push({ of: `${mode}, ${SHORT} slides / ${LONG} slides, median of pairs`, figures });
  return measurements;
}

async function run(context: BenchmarkContext, mode: Mode, slidesPerWindow: number): Promise<SteadyState> {
  const jobSettings: SlidingSettings = { keys: KEYS, splits: 1, recordsPerSlide: RECORDS_PER_SLIDE, slidesPerWindow };
  const warmUpRecords = WARM_UP_RECORDS * context.scale;
  const { epochs } = await runJob({
    job: 'sliding.job.js',
    jobSettings,
    options: { workers: 2, parallelism: 2, ...optionsOf(mode, context.scale) },
    stateDirectory: context.freshDirectory(),
    untilRecords: warmUpRecords + RECORDS * context.scale,
  });
  return steadyState(
    epochs.filter(({ totals }) => totals.recordsRead >= warmUpRecords),
    0,
  );
}

function figuresOf({ recordsPerSecond, seconds, epochs, coresUsed }: SteadyState): Measurement['figures'] {
  return {
    'records/s': recordsPerSecond,
    'us/record': 1e6 / recordsPerSecond,
    'measured s': seconds,
    epochs,
    'cores used': coresUsed,
  };
}
