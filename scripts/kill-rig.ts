/**
 * The full form of the recovery tests: random kills and the sweep over all crash points, for each job, against the built
 * package. Prints a summary; ends with code 1 when anything was violated or a crash point was never hit.
 *
 *   npm run test:kill -- [--kills 200] [--job flights|ledger] [--seed N] [--concurrency 2] [--no-sweep | --sweep-only]
 *     [--point NAME]
 *
 * With --seed and --job it repeats the one life of that seed; --point takes one crash point of the sweep only.
 */
import { parseArgs } from 'node:util';
import { FlightsUnderTest } from '../test/recovery/support/flights-under-test.ts';
import type { JobUnderTest } from '../test/recovery/support/job-under-test.ts';
import { Pace } from '../test/recovery/support/kill-process.ts';
import { LedgerUnderTest } from '../test/recovery/support/ledger-under-test.ts';
import { type LifeReport, runLife } from '../test/recovery/support/run-life.ts';
import { partSeed } from '../test/recovery/support/seeded-choice.ts';
import {
  type CrashCase,
  type CrashReport,
  listCrashPoints,
  runCrashCase,
} from '../test/recovery/support/sweep-crash-points.ts';

const KILLS_PER_LIFE = 8;
const NTHS = [1, 2, 5];

const { values: wanted } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    job: { type: 'string' },
    seed: { type: 'string' },
    concurrency: { type: 'string', default: '2' },
    point: { type: 'string' },
    'no-sweep': { type: 'boolean', default: false },
    'sweep-only': { type: 'boolean', default: false },
  },
});

const jobs: Readonly<Record<string, (seed: number) => JobUnderTest>> = {
  flights: () => new FlightsUnderTest(),
  ledger: (seed) => new LedgerUnderTest(seed),
};
const names = wanted.job === undefined ? Object.keys(jobs) : [wanted.job];
const startedAt = performance.now();
let failures = 0;

if (wanted.seed !== undefined && wanted.job !== undefined && !wanted['sweep-only'] && wanted.point === undefined) {
  const seed = Number(wanted.seed);
  const report = await runLife(jobs[wanted.job]!(seed), seed, KILLS_PER_LIFE, new Pace());
  if (report.failure !== '') fail(report.failure);
  reportLives(wanted.job, [report]);
} else {
  const seed = wanted.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(wanted.seed);
  console.log(`SEED=${seed}`);
  for (const name of names)
    if (!wanted['sweep-only'] && wanted.point === undefined)
      reportLives(name, await killUntil(name, seed, Number(wanted.kills)));
  if (!wanted['no-sweep']) reportSweep(await sweep(seed));
}
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

/** Lives of a job until so many kills have happened. */
async function killUntil(name: string, seed: number, kills: number): Promise<readonly LifeReport[]> {
  const reports: LifeReport[] = [];
  const pace = new Pace();
  let next = 0;
  let done = 0;
  await atOnce(async () => {
    while (done < kills && failures === 0) {
      const life = partSeed(seed, next++);
      const report = await runLife(jobs[name]!(life), life, KILLS_PER_LIFE, pace);
      reports.push(report);
      done += report.kills;
      progress(`${name}: ${done} of ${kills} kills`, reports.length);
      if (report.failure !== '') fail(report.failure);
    }
  });
  return reports;
}

async function sweep(seed: number): Promise<readonly CrashReport[]> {
  const all = await listCrashPoints();
  const points = all.filter((point) => wanted.point === undefined || point === wanted.point);
  if (points.length === 0) throw new Error(`no such crash point; there are:\n  ${all.join('\n  ')}`);
  const cases = names.flatMap((name) =>
    points.flatMap((point) => NTHS.map((nth): CrashCase & { name: string } => ({ name, point, nth }))),
  );
  const reports: CrashReport[] = [];
  let next = 0;
  await atOnce(async () => {
    for (let i = next++; i < cases.length; i = next++) {
      const { name, ...crash } = cases[i]!;
      const report = await runCrashCase(jobs[name]!(partSeed(seed, i)), crash, partSeed(seed, i));
      reports.push(report);
      progress(`crash points: ${reports.length} of ${cases.length} tries`, reports.length);
      if (report.failure !== '') fail(report.failure);
    }
  });
  return reports;
}

async function atOnce(work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: Number(wanted.concurrency) }, work));
}

function reportLives(name: string, reports: readonly LifeReport[]): void {
  const sum = (of: (report: LifeReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const cycles = reports.flatMap(({ cycleMs }) => cycleMs).sort((a, b) => a - b);
  const median = cycles[Math.floor(cycles.length / 2)] ?? 0;
  console.log(
    `${name}: ${sum(({ kills }) => kills)} kills, ${sum(({ starts }) => starts)} processes, ${reports.length} jobs run to completion, median cycle ${median.toFixed(0)} ms, ${reports.filter(({ failure }) => failure !== '').length} violated`,
  );
}

function reportSweep(reports: readonly CrashReport[]): void {
  const points = [...new Set(reports.map(({ point }) => point))];
  for (const point of points) {
    const hits = reports.filter((report) => report.point === point && report.isHit);
    const shown = hits.map(({ job, nth }) => `${job}#${nth}`).sort();
    console.log(`  ${point.padEnd(32)} ${shown.join(' ') || 'NEVER HIT'}`);
    if (hits.length === 0) fail(`the crash point ${point} was never hit by any job`);
  }
  console.log(
    `crash points: ${points.length}, deaths at them: ${reports.filter(({ isHit }) => isHit).length} of ${reports.length} tries`,
  );
}

function progress(line: string, count: number): void {
  if (count % 10 === 0) console.log(`  ${((performance.now() - startedAt) / 1000).toFixed(0)} s  ${line}`);
}

function fail(what: string): void {
  failures++;
  console.error(what);
}
