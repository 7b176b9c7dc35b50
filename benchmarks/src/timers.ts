/** A million pending timers: what they cost the records of other keys, and what setting and firing one costs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, BenchmarkContext, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { figuresOf, median } from './harness/distribution.ts';
import { measureIn } from './harness/fork.ts';
import { foldedAt, runJob, steadyState } from './harness/job-run.ts';
import type { TimersSettings } from './jobs/timers.job.ts';
import type { TimerCostResult, TimerCostSettings } from './micro/timers.ts';
import type { LatencyProbeResult } from './probes/latency-probe-sink.ts';

const PENDING = 1_000_000;
const KEYS = 10_000;
/** Behind the last timer at least: everything is compiled then. */
const WARM_UP_RECORDS = 20_000_000;
/** Once every epoch with a timer is folded. */
const RECORDS = 30_000_000;
const PAIRS = 3;
const RATE = 100_000;
const WARM_UP_MS = 40_000;
const RUN_MS = 20_000;
const TIMERS_PER_ROUND = 100_000;

export const timers: Benchmark = {
  name: 'timers',
  question: 'what do a million pending timers cost the records that have nothing to do with them?',
  run: async (context): Promise<BenchmarkResult> => ({
    conditions: {
      'pending timers': `${PENDING}, one each of other keys, far in the future; without them the same records set none`,
      keys: `${KEYS} uniformly random`,
      workers: 2,
      parallelism: '1 per stage: source and keyBy on one thread, process and sink on the other',
      'epoch ms': 1000,
      guarantee: 'exactly once (state)',
      fsync: true,
      'cost of a timer':
        'keyed state alone, in one thread, timers of the current epoch in memory; medians of 5 rounds of 100,000',
    },
    measurements: [
      ...(await measureRates(context)),
      ...(await measureLatencies(context)),
      ...(await measureCosts(context)),
    ],
  }),
};

/** With and without in turn, so that a change of the machine's mood reaches both. */
async function measureRates(context: BenchmarkContext): Promise<Measurement[]> {
  const rates: Record<'with' | 'without', number[]> = { with: [], without: [] };
  for (let pair = 1; pair <= PAIRS; pair++) {
    for (const arm of ['with', 'without'] as const) {
      context.progress(`${arm} pending timers, run ${pair}`);
      rates[arm].push(await runRate(context, arm === 'with'));
    }
  }
  const ratios = rates.with.map((rate, i) => rate / rates.without[i]!);
  return [
    ...(['with', 'without'] as const).map((arm) => ({
      of: `as fast as possible, ${arm} timers`,
      figures: {
        'records/s': median(rates[arm]),
        'slowest/s': Math.min(...rates[arm]),
        'fastest/s': Math.max(...rates[arm]),
        runs: PAIRS,
      },
    })),
    {
      of: 'with / without, median of pairs',
      figures: { ratio: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios), pairs: PAIRS },
    },
  ];
}

async function runRate(context: BenchmarkContext, setsTimers: boolean): Promise<number> {
  const pending = Math.round(PENDING * context.scale);
  const jobSettings: TimersSettings = { pending, setsTimers, keys: KEYS };
  const warmUpRecords = WARM_UP_RECORDS * context.scale;
  const { epochs } = await runJob({
    job: 'timers.job.js',
    jobSettings,
    options: { workers: 2, parallelism: 1, epoch: { intervalMs: 1000 } },
    stateDirectory: context.freshDirectory(),
    untilFolded: { records: pending, behind: warmUpRecords + RECORDS * context.scale },
  });
  const measureFrom = Math.max(foldedAt(epochs, pending)!, pending + warmUpRecords);
  return steadyState(
    epochs.filter(({ totals }) => totals.recordsRead >= measureFrom),
    0,
  ).recordsPerSecond;
}

async function measureLatencies(context: BenchmarkContext): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const setsTimers of [true, false]) {
    const of = `${RATE.toLocaleString('en-US')}/s, due to sink, ${setsTimers ? 'with' : 'without'} timers`;
    context.progress(of);
    measurements.push({ of, figures: await runPaced(context, setsTimers) });
  }
  return measurements;
}

async function runPaced(context: BenchmarkContext, setsTimers: boolean): Promise<Measurement['figures']> {
  const directory = context.freshDirectory();
  const pending = Math.round(PENDING * context.scale);
  const warmUpMs = (1000 * pending) / RATE + WARM_UP_MS * context.scale;
  const records = Math.round((RATE * (warmUpMs + RUN_MS * context.scale)) / 1000);
  const probe = { resultPath: join(directory, 'probe.json'), warmUpMs };
  const jobSettings: TimersSettings = { pending, setsTimers, keys: KEYS, paced: { rate: RATE, records, probe } };
  const { epochs } = await runJob({
    job: 'timers.job.js',
    jobSettings,
    options: { workers: 2, parallelism: 1, epoch: { intervalMs: 1000 } },
    stateDirectory: join(directory, 'state'),
  });
  if (!(foldedAt(epochs, pending)! <= (RATE * warmUpMs) / 1000)) throw new Error('measured while timers were folded');
  const { latency } = JSON.parse(readFileSync(probe.resultPath, 'utf8')) as LatencyProbeResult;
  const due = records - Math.round((RATE * warmUpMs) / 1000);
  if (Math.abs(latency.count - due) > 1) throw new Error(`${due} records were due, ${latency.count} measured`);
  return figuresOf(latency);
}

async function measureCosts(context: BenchmarkContext): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const pending of [0, Math.round(PENDING * context.scale)]) {
    context.progress(`the cost of a timer beside ${pending}`);
    const settings: TimerCostSettings = { rounds: 5, timersPerRound: TIMERS_PER_ROUND, pending };
    const { setNs, moveNs, fireNs } = await measureIn<TimerCostResult>(
      new URL('./micro/timers.js', import.meta.url),
      settings,
    );
    measurements.push({
      of: `a timer beside ${pending.toLocaleString('en-US')} others`,
      figures: { 'set ns': setNs, 'move ns': moveNs, 'fire ns': fireNs },
    });
  }
  return measurements;
}
