/**
 * Reliability row 8 (b), R2: the process dies at the first pass of every named point, once for each job, and the next start
 * brings everything to its right end. The full form, with later passes: `npm run test:kill`.
 *
 * A point that no job passes would be a place that nobody tests: that fails too.
 */
import { describe, expect, test } from 'vitest';
import { FlightsUnderTest } from './support/flights-under-test.ts';
import type { JobUnderTest } from './support/job-under-test.ts';
import { LedgerUnderTest } from './support/ledger-under-test.ts';
import { type CrashReport, listCrashPoints, runCrashCase } from './support/sweep-crash-points.ts';

const SEED = 20_260;
const TIMEOUT_MS = 300_000;
/** Cases that run at the same time: most of a case is waiting for a process to load. */
const AT_ONCE = 2;

const points = await listCrashPoints();
const hit = new Set<string>();

async function sweep(create: (seed: number) => JobUnderTest): Promise<readonly CrashReport[]> {
  const reports: CrashReport[] = [];
  const waiting = [...points.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, point] = next;
      reports.push(await runCrashCase(create(SEED + index), { point, nth: 1 }, SEED + index));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const { isHit, point } of reports) if (isHit) hit.add(point);
  return reports;
}

describe('a job that dies at a named point', () => {
  test.each([
    ['flights', () => new FlightsUnderTest()],
    ['ledger', (seed: number) => new LedgerUnderTest(seed, { transfers: 200, postings: 100 })],
  ] as const)(
    '%s ends with what a plain program computes, whichever point it is',
    { timeout: TIMEOUT_MS },
    async (_, create) => {
      const reports = await sweep(create);

      expect(reports.map(({ failure }) => failure).filter((failure) => failure !== '')).toEqual([]);
    },
  );

  test('has passed every point that the product names', () => {
    expect(points.filter((point) => !hit.has(point))).toEqual([]);
  });
});
