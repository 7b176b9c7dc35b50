/**
 * Reliability row 8 (b), R2: the process dies at the first pass of every named point, once for each job, and the starts
 * behind it bring everything to its right end. The full form, with later passes: `npm run test:kill`.
 *
 * A point that no job passes would be a place that nobody tests: that fails too.
 */
import { describe, expect, test } from 'vitest';
import { FlightsUnderTest } from './support/flights-under-test.ts';
import { LedgerUnderTest } from './support/ledger-under-test.ts';
import { type CrashReport, listCrashPoints, runCrashChain } from './support/sweep-crash-points.ts';

const SEED = 20_260;
const TIMEOUT_MS = 300_000;
const points = await listCrashPoints();
const hit = new Set<string>();

describe('a job that dies at a named point', () => {
  test.each([
    ['flights', () => new FlightsUnderTest()],
    ['ledger', (seed: number) => new LedgerUnderTest(seed, { transfers: 200, postings: 100 })],
  ] as const)(
    '%s ends with what a plain program computes, whichever point it is',
    { timeout: TIMEOUT_MS },
    async (_, create) => {
      const reports: readonly CrashReport[] = await runCrashChain(create, points, SEED);
      for (const { isHit, point } of reports) if (isHit) hit.add(point);

      expect(reports.map(({ failure }) => failure).filter((failure) => failure !== '')).toEqual([]);
    },
  );

  test('has passed every point that the product names', () => {
    expect(points.filter((point) => !hit.has(point))).toEqual([]);
  });
});
