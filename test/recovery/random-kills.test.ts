/**
 * Reliability row 8, R1, in the short form that runs with every change: SIGKILL at random moments of three jobs, each start
 * different from the others (parallelism, epochs, batches, polls, rings, caches, pools). The full form: `npm run test:kill`.
 *
 * I2, I3, I4, I6, I11: state, tables, dead letters and offsets form one consistent cut after every kill; files never show an
 * uncommitted or torn line; what is repeated at a start changes nothing. In both modes, from one to the other between two
 * processes, and while a process changes its mode again and again.
 */
import { describe, expect, test } from 'vitest';
import { FlightsUnderTest } from './support/flights-under-test.ts';
import type { JobUnderTest } from './support/job-under-test.ts';
import { Pace } from './support/kill-process.ts';
import { LedgerUnderTest } from './support/ledger-under-test.ts';
import { type LifeReport, runLife } from './support/run-life.ts';
import { partSeed } from './support/seeded-choice.ts';
import { SensorsUnderTest } from './support/sensors-under-test.ts';
import { RIG_MODES, type RigMode } from './support/start-plan.ts';

/** Different in every run; whatever fails prints the seed of its life. */
const SEED = Math.floor(Math.random() * 2 ** 32);
const KILLS_PER_LIFE = 6;
const TIMEOUT_MS = 600_000;

const pace = new Pace();

async function killOften(
  createJob: (seed: number) => JobUnderTest,
  modes: RigMode,
  killsMin: number,
): Promise<readonly LifeReport[]> {
  const reports: LifeReport[] = [];
  const kills = (): number => reports.reduce((sum, report) => sum + report.kills, 0);
  while (kills() < killsMin && reports.every(({ failure }) => failure === '')) {
    const seed = partSeed(SEED, reports.length);
    reports.push(await runLife(createJob(seed), { seed, modes, killsMax: KILLS_PER_LIFE }, pace));
  }
  const cycles = reports.flatMap(({ cycleMs }) => cycleMs).sort((a, b) => a - b);
  console.log(
    `${reports[0]!.job}, ${modes}: ${kills()} kills in ${reports.length} jobs, median cycle ${cycles[cycles.length >> 1]?.toFixed(0)} ms`,
  );
  return reports;
}

describe.concurrent('a job that is killed at random moments ends with what a plain program computes', () => {
  test.each([
    ['flights', 6, () => new FlightsUnderTest()],
    ['ledger', 6, (seed: number) => new LedgerUnderTest(seed)],
    ['sensors', 4, (seed: number) => new SensorsUnderTest(seed, { readings: 300, repairs: 150 })],
  ] as const)(
    '%s, whatever its modes: at least %i kills in each',
    { timeout: TIMEOUT_MS },
    async (_, killsMin, createJob) => {
      for (const modes of RIG_MODES) {
        const reports = await killOften(createJob, modes, killsMin);

        expect(reports.map(({ failure }) => failure).filter((failure) => failure !== '')).toEqual([]);
      }
    },
  );
});
