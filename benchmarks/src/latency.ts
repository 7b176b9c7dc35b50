/** Latency at fixed offered rates, through one exchange between two threads. Open loop: from when a record was due. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobOptionsInput } from 'millrace';
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { figuresOf } from './harness/distribution.ts';
import { type ObservedEpoch, runJob } from './harness/job-run.ts';
import type { LatencySettings } from './jobs/latency.job.ts';
import type { LatencyProbeResult } from './probes/latency-probe-sink.ts';

const KEYS = 10_000;
const RATES = [2000, 20_000, 100_000, 400_000];
const WARM_UP_MS = 5000;
const RUN_MS = 20_000;
const EPOCH_MS = 1000;
/** Longer than the run: only the final epoch is committed. */
const NO_EPOCHS_MS = 3_600_000;

interface Variant {
  readonly name: string;
  readonly options: JobOptionsInput;
  /** Records per second at which it is measured. */
  readonly rates: readonly number[];
}

const VARIANTS: readonly Variant[] = [
  { name: 'continuous, epochs of 1 s', options: { epoch: { intervalMs: EPOCH_MS } }, rates: RATES },
  { name: 'continuous, no epochs', options: { epoch: { intervalMs: NO_EPOCHS_MS } }, rates: RATES },
  { name: 'microbatch, as soon as possible', options: { mode: 'microbatch' }, rates: [100, ...RATES] },
  { name: 'microbatch, every 100 ms', options: { mode: 'microbatch', batch: { intervalMs: 100 } }, rates: RATES },
];

export const latency: Benchmark = {
  name: 'latency',
  question: 'from when a record is due until the sink has it, through an exchange between threads: how long?',
  run: async (context): Promise<BenchmarkResult> => {
    const measurements: Measurement[] = [];
    for (const rate of [100, ...RATES]) {
      for (const variant of VARIANTS)
        if (variant.rates.includes(rate)) measurements.push(await measure(context, rate, variant));
    }
    return {
      conditions: {
        keys: `${KEYS} in rotation: all of them change in every epoch, at 2,000 records/s 2,000 of them`,
        workers: 2,
        parallelism: '1 per stage: source and keyBy on one thread, count and sink on the other',
        schedule: 'open loop',
        sink: 'immediate, every record measured; in microbatch mode it gets them when their task is done',
        guarantee: 'exactly once (state), at least once (sink)',
        fsync: true,
        'warm-up s': WARM_UP_MS / 1000,
        'run s': RUN_MS / 1000,
      },
      measurements,
    };
  },
};

async function measure(context: BenchmarkContext, rate: number, variant: Variant): Promise<Measurement> {
  const of = `${rate.toLocaleString('en-US')}/s, ${variant.name}`;
  context.progress(of);
  const directory = context.freshDirectory();
  const warmUpMs = WARM_UP_MS * context.scale;
  const probe = { resultPath: join(directory, 'probe.json'), warmUpMs };
  const records = Math.round((rate * (warmUpMs + RUN_MS * context.scale)) / 1000);
  const jobSettings: LatencySettings = { keys: KEYS, rate, records, probe };
  const { status, epochs } = await runJob({
    job: 'latency.job.js',
    jobSettings,
    options: { workers: 2, parallelism: 1, ...variant.options },
    stateDirectory: join(directory, 'state'),
  });
  const { latency, seconds, garbage } = JSON.parse(readFileSync(probe.resultPath, 'utf8')) as LatencyProbeResult;
  const due = records - Math.round((rate * warmUpMs) / 1000);
  if (Math.abs(latency.count - due) > 1) throw new Error(`${of}: ${due} records were due, ${latency.count} measured`);
  return {
    of,
    figures: {
      'achieved/s': latency.count / seconds,
      ...figuresOf(latency),
      epochs: status.epochsCommitted,
      'batch p50 ms': batchMs(variant, epochs, 0.5),
      'batch p99 ms': batchMs(variant, epochs, 0.99),
      'gc ms/s': garbage.totalMs / seconds,
      'gc max ms': garbage.maxMs,
    },
  };
}

/** From the plan of a batch until its output is visible. */
function batchMs(variant: Variant, epochs: readonly ObservedEpoch[], quantile: number): number | string {
  if (variant.options.mode !== 'microbatch') return '';
  const durations = epochs
    .map(({ alignMs, sealMs, commitMs, publishMs }) => alignMs + sealMs + commitMs + publishMs)
    .sort((a, b) => a - b);
  return durations[Math.min(durations.length - 1, Math.floor(durations.length * quantile))] ?? '';
}
