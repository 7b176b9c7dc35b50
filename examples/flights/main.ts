/**
 * Runs the flights job the way a service would: Millrace embedded, progress from its events, a summary from its status
 * and from the output files.
 *
 *   node examples/flights/run.js [--fresh] [--json] [--parallelism N] [--workers N]
 */
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type JobStatus, Millrace } from 'millrace';
import type { Flight } from './flights.job.ts';
import { Progress } from './progress.ts';
import { type AirportRow, heaviestDelays, type RunTimes, runSummary, worstAirports } from './summary.ts';

const DEPARTURES = 20_000;
const AIRPORTS: URL = new URL('./out/airports.jsonl', import.meta.url);
const HEAVY_DELAYS: URL = new URL('./out/heavy-delays.jsonl', import.meta.url);
const STATE: string = fileURLToPath(new URL('./state/', import.meta.url));

const { values: wanted } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    parallelism: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (wanted.fresh) wipe();
  const job = new URL(wanted.json ? './flights.job.json' : './flights.job.ts', import.meta.url);
  console.log(`Running ${fileURLToPath(job)} on ${wanted.workers} worker threads\n`);

  const startedAt = performance.now();
  const millrace = await Millrace.open({ workers: Number(wanted.workers) });
  try {
    const handle = await millrace.start(job, {
      stateDirectory: STATE,
      parallelism: Number(wanted.parallelism),
      // Far more often than a service would: so that there is more than one to see within a second.
      epoch: { intervalMs: 50 },
    });
    const runningAt = performance.now();
    const progress = new Progress(process.stdout, DEPARTURES, 'departures');
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
  if (status !== undefined) console.log(`${runSummary(status, times, 'departures')}\n`);
  console.log(`${worstAirports(rowsOf<AirportRow>(AIRPORTS))}\n`);
  console.log(`${heaviestDelays(rowsOf<Flight>(HEAVY_DELAYS))}\n`);
  console.log(`Rows: ${fileURLToPath(AIRPORTS)}\n      ${fileURLToPath(HEAVY_DELAYS)}`);
  return 0;
}

function rowsOf<Row>(file: URL): readonly Row[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}

/** This example's own outputs and state, nothing else. */
function wipe(): void {
  for (const folder of ['./out/', './state/']) {
    rmSync(new URL(folder, import.meta.url), { recursive: true, force: true });
  }
}
