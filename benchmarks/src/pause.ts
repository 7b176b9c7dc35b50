/** How long a subtask stands still when an epoch's marker passes, and how much of a turn encoding takes afterwards. */
import { join } from 'node:path';
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { figuresOf } from './harness/distribution.ts';
import { measureIn } from './harness/fork.ts';
import { runJob } from './harness/job-run.ts';
import type { LatencySettings } from './jobs/latency.job.ts';
import type { FreezeResult, FreezeSettings } from './micro/freeze.ts';

const SLICE_MS = 0.5;

interface PauseCase {
  readonly keys: number;
  /** Of the state alone. */
  readonly freezes: number;
  /** Of the job: fast enough to change every key in every epoch. */
  readonly rate: number;
  readonly epochMs: number;
}

/** Epochs are shorter than usual, for the number of samples; what a pause costs depends on the keys only. */
const CASES: readonly PauseCase[] = [
  { keys: 10_000, freezes: 1000, rate: 200_000, epochMs: 50 },
  { keys: 100_000, freezes: 200, rate: 400_000, epochMs: 250 },
];
const RUN_MS = 25_000;

export const pause: Benchmark = {
  name: 'pause',
  question: 'how long does a subtask stand still at a marker?',
  run: async (context): Promise<BenchmarkResult> => {
    const measurements: Measurement[] = [];
    for (const each of CASES) {
      measurements.push(...(await measureState(context, each)), await measureJob(context, each));
    }
    return {
      conditions: { 'encode slice ms': SLICE_MS, value: 'an array of one number', 'job run s': RUN_MS / 1000 },
      measurements,
    };
  },
};

async function measureState(context: BenchmarkContext, { keys, freezes }: PauseCase): Promise<Measurement[]> {
  context.progress(`state alone, ${keys} dirty keys`);
  const settings: FreezeSettings = {
    directory: context.freshDirectory(),
    keys,
    epochs: Math.ceil(freezes * context.scale),
    warmUpEpochs: 20,
    sliceMs: SLICE_MS,
  };
  const { freeze, slice, encode, deltaBytes } = await measureIn<FreezeResult>(
    new URL('./micro/freeze.js', import.meta.url),
    settings,
  );
  const dirty = `${keys.toLocaleString('en-US')} dirty keys`;
  return [
    { of: `${dirty}: freeze, state alone`, figures: figuresOf(freeze) },
    { of: `${dirty}: one slice`, figures: figuresOf(slice) },
    { of: `${dirty}: all slices of an epoch`, figures: { ...figuresOf(encode), 'delta bytes': deltaBytes } },
  ];
}

/** The job's own count of its pauses. Half of them are the source's, which has no state and is faster. */
async function measureJob(context: BenchmarkContext, { keys, rate, epochMs }: PauseCase): Promise<Measurement> {
  context.progress(`running job, ${keys} dirty keys`);
  const directory = context.freshDirectory();
  const jobSettings: LatencySettings = {
    keys,
    rate,
    records: Math.round((rate * RUN_MS * context.scale) / 1000),
    probe: { resultPath: join(directory, 'probe.json'), warmUpMs: 0 },
  };
  const { status } = await runJob({
    job: 'latency.job.js',
    jobSettings,
    options: { workers: 2, parallelism: 1, epoch: { intervalMs: epochMs }, loop: { encodeSliceMs: SLICE_MS } },
    stateDirectory: join(directory, 'state'),
  });
  const { count, p50, p90, p99, p999, max } = status.pauses;
  return {
    of: `${keys.toLocaleString('en-US')} dirty keys: pauses in a job at ${rate.toLocaleString('en-US')}/s, epochs of ${epochMs} ms`,
    figures: figuresOf({ count, p50, p90, p99, p999, p9999: max, max }),
  };
}
