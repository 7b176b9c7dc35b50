/** From the end of a window until its result is at the sink, at a fixed offered rate. Open loop: event time is when a record was due. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobOptionsInput } from 'millrace';
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { figuresOf } from './harness/distribution.ts';
import { runJob } from './harness/job-run.ts';
import type { WindowLatencySettings } from './jobs/window-latency.job.ts';
import type { WindowProbeResult } from './probes/window-probe-sink.ts';

const RATE = 50_000;
/** A window that closes once a second takes some of them to be compiled. */
const WARM_UP_MS = 15_000;
const RUN_MS = 20_000;

interface Variant {
  readonly name: string;
  readonly options: JobOptionsInput;
  readonly keys: number;
  readonly sizeMs: number;
  readonly outOfOrderMs: number;
}

const CONTINUOUS: JobOptionsInput = { epoch: { intervalMs: 1000 } };
const MANY_WINDOWS = { keys: 100, sizeMs: 100, outOfOrderMs: 0 };

const VARIANTS: readonly Variant[] = [
  { name: 'continuous, 100 keys, 100 ms', options: CONTINUOUS, ...MANY_WINDOWS },
  { name: 'continuous, 100 keys, 100 ms, bound 50 ms', options: CONTINUOUS, ...MANY_WINDOWS, outOfOrderMs: 50 },
  { name: 'continuous, 1,000 keys, 1 s', options: CONTINUOUS, keys: 1000, sizeMs: 1000, outOfOrderMs: 0 },
  {
    name: 'microbatch every 100 ms, 100 keys, 100 ms',
    options: { mode: 'microbatch', batch: { intervalMs: 100 } },
    ...MANY_WINDOWS,
  },
  { name: 'microbatch as soon as possible, 100 keys, 100 ms', options: { mode: 'microbatch' }, ...MANY_WINDOWS },
];

export const windowLatency: Benchmark = {
  name: 'window-latency',
  question: 'how long after the end of a window is its result at the sink?',
  run: async (context): Promise<BenchmarkResult> => {
    const measurements: Measurement[] = [];
    for (const variant of VARIANTS) measurements.push(...(await measure(context, variant)));
    return {
      conditions: {
        'records/s': RATE,
        schedule: 'open loop; the event time of a record is when it was due, without disorder',
        'from and to':
          'end of the window (and the bound on disorder, where there is one) to arrival at an immediate sink',
        'at best':
          'a window closes when a record at or behind its end arrives: a period later (0.02 ms), and in microbatch mode a batch',
        workers: 2,
        parallelism: '1 per stage: source and keyBy on one thread, window and sink on the other',
        guarantee: 'exactly once (state), at least once (sink)',
        fsync: true,
        'warm-up s': WARM_UP_MS / 1000,
        'run s': RUN_MS / 1000,
      },
      measurements,
    };
  },
};

async function measure(context: BenchmarkContext, variant: Variant): Promise<Measurement[]> {
  const { name, options, keys, sizeMs, outOfOrderMs } = variant;
  context.progress(name);
  const directory = context.freshDirectory();
  const warmUpMs = WARM_UP_MS * context.scale;
  const runMs = RUN_MS * context.scale;
  const probe = { resultPath: join(directory, 'probe.json'), warmUpMs, outOfOrderMs };
  const records = Math.round((RATE * (warmUpMs + runMs)) / 1000);
  const jobSettings: WindowLatencySettings = { keys, rate: RATE, records, sizeMs, probe };
  const { status } = await runJob({
    job: 'window-latency.job.js',
    jobSettings,
    options: { workers: 2, parallelism: 1, ...options },
    stateDirectory: join(directory, 'state'),
  });
  const result = JSON.parse(readFileSync(probe.resultPath, 'utf8')) as WindowProbeResult;
  if (result.records !== records) throw new Error(`${name}: ${records} records came, ${result.records} were counted`);
  requireAllWindows(variant, runMs, result);
  return [
    { of: `${name}: every row`, figures: { ...figuresOf(result.rows), epochs: status.epochsCommitted } },
    { of: `${name}: first row of a window`, figures: figuresOf(result.first) },
    { of: `${name}: last row of a window`, figures: { ...figuresOf(result.last), 'gc max ms': result.garbage.maxMs } },
  ];
}

/** Those at either edge of the run, and what the bound holds back, may be missing. */
function requireAllWindows(
  { name, keys, sizeMs, outOfOrderMs }: Variant,
  runMs: number,
  result: WindowProbeResult,
): void {
  const expected = (runMs - outOfOrderMs) / sizeMs;
  const { first, last, rows } = result;
  const isWhole = rows.count === first.count * keys && last.count === first.count;
  if (!isWhole || Math.abs(first.count - expected) > 2)
    throw new Error(`${name}: ${first.count} windows with ${rows.count} rows were measured, not ${expected}`);
}
