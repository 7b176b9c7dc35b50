/** How long a running job stands still when its mode is changed, and what that does to the latency of its records. */
import { join } from 'node:path';
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { Distribution, figuresOf } from './harness/distribution.ts';
import { measureIn } from './harness/fork.ts';
import type { SwitchingResult, SwitchingSettings } from './harness/switching-process.ts';

const KEYS = 10_000;
const RATE = 20_000;
const SWITCHES = 40;
/** The job runs so long in a mode before it is switched again. */
const DWELL_MS = 1000;

export const switching: Benchmark = {
  name: 'switching',
  question: 'how long does a running job stand still when it is switched to the other mode?',
  run: async (context): Promise<BenchmarkResult> => ({
    conditions: {
      keys: `${KEYS} in rotation`,
      'records/s': RATE,
      workers: 2,
      parallelism: 2,
      'ms in each mode': DWELL_MS,
      pause: 'from when the old mode stops reading until the new one reads',
      fsync: true,
    },
    measurements: await measure(context),
  }),
};

async function measure(context: BenchmarkContext): Promise<Measurement[]> {
  const switches = Math.max(4, Math.round(SWITCHES * context.scale));
  context.progress(`${switches} switches`);
  const directory = context.freshDirectory();
  const settings: SwitchingSettings = {
    job: 'latency.job.js',
    jobSettings: {
      keys: KEYS,
      rate: RATE,
      records: 100_000_000,
      probe: { resultPath: join(directory, 'probe.json'), warmUpMs: 0 },
    },
    options: { workers: 2, parallelism: 1 },
    stateDirectory: join(directory, 'state'),
    switches,
    dwellMs: DWELL_MS,
  };
  const { reports } = await measureIn<SwitchingResult>(
    new URL('./harness/switching-process.js', import.meta.url),
    settings,
  );
  return (['microbatch', 'continuous'] as const).flatMap((to) => {
    const towards = reports.filter((report) => report.to === to);
    return [
      { of: `pause, to ${to}`, figures: summarise(towards.map(({ pauseMs }) => pauseMs)) },
      { of: `bringing up, to ${to}`, figures: summarise(towards.map(({ prepareMs }) => prepareMs)) },
    ];
  });
}

function summarise(durations: readonly number[]): Measurement['figures'] {
  const distribution = new Distribution();
  for (const duration of durations) distribution.record(duration);
  return figuresOf(distribution.summary());
}
