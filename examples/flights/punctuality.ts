/**
 * Runs the punctuality job: puts the flights into the order in which they left, replays them, and says what came out.
 *
 *   node examples/flights/run-punctuality.js [--fresh] [--json] [--mode continuous|microbatch] [--parallelism N] [--workers N]
 */
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type JobStatus, Millrace } from 'millrace';
import { Progress } from './progress.ts';
import type { MissedDeparture } from './punctuality.job.ts';
import {
  type BurstRow,
  biggestBursts,
  type HourRow,
  lateDepartures,
  type WorstHourRow,
  worstHours,
} from './punctuality-summary.ts';
import { writeReplay } from './replay.ts';
import { type RunTimes, runSummary } from './summary.ts';

const AIRPORTS = 3376;
const OUTPUTS: URL = new URL('./replay/out/', import.meta.url);
const STATE: URL = new URL('./replay/state/', import.meta.url);

const { values: wanted } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    mode: { type: 'string', default: 'continuous' },
    parallelism: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (wanted.fresh) wipe();
  const departures = writeReplay();
  const job = new URL(wanted.json ? './punctuality.job.json' : './punctuality.job.ts', import.meta.url);
  console.log(`Running ${fileURLToPath(job)} in ${wanted.mode} mode on ${wanted.workers} worker threads\n`);

  const startedAt = performance.now();
  const millrace = await Millrace.open({ workers: Number(wanted.workers) });
  try {
    const handle = await millrace.start(job, {
      stateDirectory: fileURLToPath(STATE),
      parallelism: Number(wanted.parallelism),
      mode: wanted.mode === 'microbatch' ? 'microbatch' : 'continuous',
    });
    const runningAt = performance.now();
    const progress = new Progress(process.stdout, departures + AIRPORTS, 'departures and airports');
    handle.on('epoch', () => progress.show(handle.status()));
    const outcome = await handle.finished;
    const times = { startMs: runningAt - startedAt, runMs: performance.now() - runningAt };
    progress.end(handle.status());
    if (outcome.kind === 'completed') return report(handle.status(), times);
    console.error(outcome.kind === 'failed' ? `The job failed: ${outcome.reason}` : 'The job was closed.');
    return 1;
  } finally {
    await millrace.close();
  }
}

function report(status: JobStatus | undefined, times: RunTimes): number {
  if (status !== undefined) console.log(`${runSummary(status, times, 'departures and airports')}\n`);
  console.log(`${worstHours(rowsOf<WorstHourRow>('worst-hours'))}\n`);
  console.log(`${biggestBursts(rowsOf<BurstRow>('bursts'))}\n`);
  console.log(`${lateDepartures(rowsOf<MissedDeparture>('late'), rowsOf<HourRow>('hours'))}\n`);
  console.log(`Rows: ${fileURLToPath(OUTPUTS)}`);
  return 0;
}

function rowsOf<Row>(output: string): readonly Row[] {
  const lines = readFileSync(new URL(`./${output}.jsonl`, OUTPUTS), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}

/** This job's own outputs and state, nothing else. */
function wipe(): void {
  for (const folder of [OUTPUTS, STATE]) rmSync(folder, { recursive: true, force: true });
}
