/**
 * The full form of the recovery tests: random kills and the sweep over all crash points, for each job and way of going about
 * modes, against the built package. Prints a summary; ends with code 1 when anything was violated or a crash point was never hit.
 *
 *   npm run test:kill -- [--kills 200] [--job flights|ledger|sensors] [--modes continuous|microbatch|mixed|switching] [--seed N]
 *     [--concurrency 2] [--no-sweep | --sweep-only] [--point NAME]
 *
 * --kills are those of one job in one way. With --seed, --job and --modes it repeats the one life of that seed; --point takes one
 * crash point of the sweep only.
 */
import { parseArgs } from 'node:util';
import { FlightsUnderTest } from '../test/recovery/support/flights-under-test.ts';
import type { JobUnderTest } from '../test/recovery/support/job-under-test.ts';
import { Pace } from '../test/recovery/support/kill-process.ts';
import { LedgerUnderTest } from '../test/recovery/support/ledger-under-test.ts';
import { type LifeReport, runLife } from '../test/recovery/support/run-life.ts';
import { partSeed } from '../test/recovery/support/seeded-choice.ts';
import { SensorsUnderTest } from '../test/recovery/support/sensors-under-test.ts';
import { RIG_MODES, type RigMode } from '../test/recovery/support/start-plan.ts';
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
    modes: { type: 'string' },
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
  sensors: (seed) => new SensorsUnderTest(seed),
};
const names = wanted.job === undefined ? Object.keys(jobs) : [wanted.job];
const ways = RIG_MODES.filter((modes) => wanted.modes === undefined || modes === wanted.modes);
if (ways.length === 0) throw new Error(`--modes is one of ${RIG_MODES.join(', ')}, not ${wanted.modes}`);
const isOneLife =
  wanted.seed !== undefined && wanted.job !== undefined && wanted.modes !== undefined && wanted.point === undefined;
const startedAt = performance.now();
let failures = 0;

if (isOneLife && !wanted['sweep-only']) {
  const seed = Number(wanted.seed);
  const life = { seed, modes: ways[0]!, killsMax: KILLS_PER_LIFE };
  const report = await runLife(jobs[names[0]!]!(seed), life, new Pace());
  if (report.failure !== '') fail(report.failure);
  reportLives([report]);
} else {
  const seed = wanted.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(wanted.seed);
  console.log(`SEED=${seed}`);
  for (const modes of ways) {
    for (const name of names)
      if (!wanted['sweep-only'] && wanted.point === undefined) reportLives(await killUntil(name, modes, seed));
    if (!wanted['no-sweep']) reportSweep(modes, await sweep(modes, seed));
  }
}
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

/** Lives of a job until so many kills have happened. */
async function killUntil(name: string, modes: RigMode, seed: number): Promise<readonly LifeReport[]> {
  const kills = Number(wanted.kills);
  const reports: LifeReport[] = [];
  const pace = new Pace();
  let next = 0;
  let done = 0;
  await atOnce(async () => {
    while (done < kills && failures === 0) {
      const life = partSeed(seed, next++);
      const report = await runLife(jobs[name]!(life), { seed: life, modes, killsMax: KILLS_PER_LIFE }, pace);
      reports.push(report);
      done += report.kills;
      progress(`${name}, ${modes}: ${done} of ${kills} kills`, reports.length);
      if (report.failure !== '') fail(report.failure);
    }
  });
  return reports;
}

async function sweep(modes: RigMode, seed: number): Promise<readonly CrashReport[]> {
  const all = await listCrashPoints(modes);
  const points = all.filter((point) => wanted.point === undefined || point === wanted.point);
  if (points.length === 0) throw new Error(`no such crash point; there are:\n  ${all.join('\n  ')}`);
  const cases = names.flatMap((name) =>
    points.flatMap((point) => NTHS.map((nth): CrashCase & { name: string } => ({ name, modes, point, nth }))),
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

function reportLives(reports: readonly LifeReport[]): void {
  if (reports.length === 0) return;
  const sum = (of: (report: LifeReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const cycles = reports.flatMap(({ cycleMs }) => cycleMs).sort((a, b) => a - b);
  const median = cycles[Math.floor(cycles.length / 2)] ?? 0;
  const { job, modes } = reports[0]!;
  console.log(
    `${job}, ${modes}: ${sum(({ kills }) => kills)} kills (${sum(({ switchKills }) => switchKills)} in a change of mode), ${sum(({ starts }) => starts)} processes, ${sum(({ switches }) => switches)} live changes of mode, ${sum(({ faults }) => faults)} faults of tasks, ${reports.length} jobs run to completion, median cycle ${median.toFixed(0)} ms, ${reports.filter(({ failure }) => failure !== '').length} violated`,
  );
}

function reportSweep(modes: RigMode, reports: readonly CrashReport[]): void {
  const points = [...new Set(reports.map(({ point }) => point))];
  for (const point of points) {
    const hits = reports.filter((report) => report.point === point && report.isHit);
    const shown = hits.map(({ job, nth }) => `${job}#${nth}`).sort();
    console.log(`  ${point.padEnd(32)} ${shown.join(' ') || 'NEVER HIT'}`);
    if (hits.length === 0) fail(`the crash point ${point} was never hit by any job`);
  }
  console.log(
    `crash points, ${modes}: ${points.length}, deaths at them: ${reports.filter(({ isHit }) => isHit).length} of ${reports.length} tries`,
  );
}

function progress(line: string, count: number): void {
  if (count % 10 === 0) console.log(`  ${((performance.now() - startedAt) / 1000).toFixed(0)} s  ${line}`);
}

function fail(what: string): void {
  failures++;
  console.error(what);
}
