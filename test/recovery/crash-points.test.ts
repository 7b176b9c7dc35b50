/**
 * Reliability row 8 (b), R2: the process dies at the first pass of every named point, once for each job and mode, and the starts
 * behind it bring everything to its right end. The full form, with later passes and live changes of mode: `npm run test:kill`.
 *
 * A point that no job passes would be a place that nobody tests: that fails too.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { FlightsUnderTest } from './support/flights-under-test.ts';
import { LedgerUnderTest } from './support/ledger-under-test.ts';
import { type CrashReport, listCrashPoints, runCrashChain } from './support/sweep-crash-points.ts';

const SEED = 20_260;
const TIMEOUT_MS = 400_000;
const SIZE = { transfers: 200, postings: 100 };

describe.each(['continuous', 'microbatch'] as const)(
  'a job in %s mode that dies at a named point, whichever it is',
  (modes) => {
    let points: readonly string[];
    let flights: readonly CrashReport[];
    let ledger: readonly CrashReport[];

    beforeAll(async () => {
      points = await listCrashPoints(modes);
      const chain = { points, modes, seed: SEED };
      [flights, ledger] = await Promise.all([
        runCrashChain(() => new FlightsUnderTest(), chain),
        runCrashChain((seed) => new LedgerUnderTest(seed, SIZE), chain),
      ]);
    }, TIMEOUT_MS);

    const failuresOf = (reports: readonly CrashReport[]): readonly string[] =>
      reports.map(({ failure }) => failure).filter((failure) => failure !== '');

    test('ends with what a plain program computes: flights', () => {
      expect(failuresOf(flights)).toEqual([]);
    });

    test('ends with what a plain program computes: ledger', () => {
      expect(failuresOf(ledger)).toEqual([]);
    });

    test('has passed every point that the product names', () => {
      const hit = new Set([...flights, ...ledger].filter(({ isHit }) => isHit).map(({ point }) => point));

      expect(points.filter((point) => !hit.has(point))).toEqual([]);
    });
  },
);
