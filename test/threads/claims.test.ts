import { expect, test } from 'vitest';
import { createClaim, SharedClaim } from '../../src/channels/index.ts';
import type { ClaimThreadData, ClaimThreadReport } from './claim-thread.ts';
import { spawn } from './spawn.ts';

const CLAIMS = 5_000;
const TAKERS = 2;

test('of threads that reach for a claim at the same moment exactly one gets it, 5,000 times', async () => {
  const claims = Array.from({ length: CLAIMS }, createClaim);
  const arrivals = new SharedArrayBuffer(4);
  const take = (taker: number): Promise<ClaimThreadReport> => {
    const data: ClaimThreadData = { claims, taker, takers: TAKERS, arrivals };
    return spawn('./claim-thread.ts', data);
  };

  const reports = await Promise.all(Array.from({ length: TAKERS }, (_, i) => take(i + 1)));

  for (const [i, claim] of claims.entries()) {
    const winners = reports.flatMap((won, taker) => (won[i] ? [taker + 1] : []));
    expect(winners).toEqual([new SharedClaim(claim).holder()]);
  }
}, 60_000);
