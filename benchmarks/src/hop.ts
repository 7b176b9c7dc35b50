/** What a record pays to get from one subtask to another of the same thread. */
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { median } from './harness/distribution.ts';
import { measureIn } from './harness/fork.ts';
import { runJob, steadyState } from './harness/job-run.ts';
import type { HopSettings } from './jobs/hop.job.ts';
import type { LocalChannelResult, LocalChannelSettings } from './micro/local-channel.ts';

const WARM_UP_MS = 2000;
const RUN_MS = 6000;
/** Chained and not, in turn, so that a change of the machine's mood reaches both. */
const PAIRS = 3;

export const hop: Benchmark = {
  name: 'hop',
  question: 'how many records per second pass from one subtask to another of the same thread?',
  run: async (context): Promise<BenchmarkResult> => ({
    conditions: { workers: 1, parallelism: 1, 'records per step': 256, 'epoch ms': 1000, 'queue bound': 1024 },
    measurements: [await measureChannel(context), ...(await measureJobs(context))],
  }),
};

async function measureChannel(context: BenchmarkContext): Promise<Measurement> {
  context.progress('the queue alone');
  const settings: LocalChannelSettings = {
    rounds: 7,
    recordsPerRound: 256 * Math.ceil(40_000 * context.scale),
    recordsPerStep: 256,
    elementsMax: 1024,
  };
  const result = await measureIn<LocalChannelResult>(new URL('./micro/local-channel.js', import.meta.url), settings);
  return {
    of: 'write and drain alone',
    figures: {
      'records/s': result.recordsPerSecond,
      'slowest/s': result.slowest,
      'fastest/s': result.fastest,
      'ns per record': 1e9 / result.recordsPerSecond,
      runs: settings.rounds,
    },
  };
}

async function measureJobs(context: BenchmarkContext): Promise<Measurement[]> {
  const chained: number[] = [];
  const queued: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    chained.push(await runRate(context, true));
    queued.push(await runRate(context, false));
  }
  const hopNs = 1e9 / median(queued) - 1e9 / median(chained);
  return [
    { of: 'job: source > map > map > sink, chained', figures: figuresOf(chained) },
    { of: 'job: source > map | map > sink, one hop', figures: figuresOf(queued) },
    { of: 'the hop, from the difference', figures: { 'records/s': 1e9 / hopNs, 'ns per record': hopNs } },
  ];
}

async function runRate(context: BenchmarkContext, isChained: boolean): Promise<number> {
  context.progress(isChained ? 'job, chained' : 'job, one hop');
  const jobSettings: HopSettings = { isChained };
  const warmUpMs = WARM_UP_MS * context.scale;
  const { epochs } = await runJob({
    job: 'hop.job.js',
    jobSettings,
    options: { workers: 1, parallelism: 1 },
    stateDirectory: context.freshDirectory(),
    runMs: warmUpMs + RUN_MS * context.scale + 2000,
  });
  return steadyState(epochs, warmUpMs).recordsPerSecond;
}

function figuresOf(rates: readonly number[]): Measurement['figures'] {
  const rate = median(rates);
  return {
    'records/s': rate,
    'slowest/s': Math.min(...rates),
    'fastest/s': Math.max(...rates),
    'ns per record': 1e9 / rate,
    runs: rates.length,
  };
}
