/** One of the takers in `claims.test.ts`; runs in a worker thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedClaim } from '../../src/channels/index.ts';

export interface ClaimThreadData {
  readonly claims: readonly SharedArrayBuffer[];
  readonly taker: number;
  readonly takers: number;
  /** One word: how many arrivals at a claim there were in all. */
  readonly arrivals: SharedArrayBuffer;
}

/** By claim: whether this thread got it. */
export type ClaimThreadReport = readonly boolean[];

const { claims, taker, takers, arrivals } = workerData as ClaimThreadData;
const arrived = new Int32Array(arrivals);

/** All takers reach for the same claim at the same moment. */
function meet(round: number): void {
  Atomics.add(arrived, 0, 1);
  while (Atomics.load(arrived, 0) < (round + 1) * takers);
}

const report: ClaimThreadReport = claims.map((claim, round) => {
  const shared = new SharedClaim(claim);
  meet(round);
  return shared.take(taker);
});
parentPort?.postMessage(report);
