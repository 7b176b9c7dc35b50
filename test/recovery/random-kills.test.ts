/**
 * Reliability row 8, R1, in the short form that runs with every change: SIGKILL at random moments of two jobs, each start
 * different from the others (parallelism, epochs, polls, rings, caches). The full form: `npm run test:kill`.
 *
 * I2, I3, I4, I6, I11: state, tables, dead letters and offsets form one consistent cut after every kill; files never show an
 * uncommitted or torn line; what is repeated at a start changes nothing.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { FlightsUnderTest } from './support/flights-under-test.ts';
import { Pace } from './support/kill-process.ts';
import { LedgerUnderTest } from './support/ledger-under-test.ts';
import { type LifeReport, runLife } from './support/run-life.ts';

/** One fixed, one that differs every time; both are printed by whatever fails. */
const SEEDS = [20_260, Math.floor(Math.random() * 2 ** 32)];
const KILLS_PER_LIFE = 6;
const TIMEOUT_MS = 240_000;

const pace = new Pace();
const reports: LifeReport[] = [];

afterAll(() => {
  const kills = reports.reduce((sum, report) => sum + report.kills, 0);
  const cycles = reports.flatMap(({ cycleMs }) => cycleMs).sort((a, b) => a - b);
  console.log(
    `recovery: ${kills} kills in ${reports.length} jobs, median cycle ${cycles[cycles.length >> 1]?.toFixed(0)} ms`,
  );
});

async function expectToSurvive(life: Promise<LifeReport>): Promise<void> {
  const report = await life;
  reports.push(report);
  expect(report.failure).toBe('');
}

describe('a job that is killed at random moments', () => {
  for (const seed of SEEDS) {
    test(`flights, seed ${seed}: ends with what a plain program computes`, { timeout: TIMEOUT_MS }, async () => {
      await expectToSurvive(runLife(new FlightsUnderTest(), seed, KILLS_PER_LIFE, pace));
    });

    test(`ledger, seed ${seed}: ends with what a plain program computes`, { timeout: TIMEOUT_MS }, async () => {
      await expectToSurvive(runLife(new LedgerUnderTest(seed), seed, KILLS_PER_LIFE, pace));
    });
  }
});
