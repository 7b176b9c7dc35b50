/** Leaves out of measured latencies those of records that were due in the warm-up. Pure. */
import type { LatencyPart } from '../execution/latency-histogram.ts';
import type { MonotonicMs } from '../model/index.ts';

/** Workers hand over what they measured several times a second: a part may hold what is this old. */
const PART_AGE_MS = 200;

/**
 * `part` was heard of at `heardAt`, and what is in it was measured shortly before. A record was due its latency before it was
 * measured: those that may have been due before `from` are left out. By when it was due, not by when it was measured, because a
 * slow start is measured late.
 */
export function withoutWarmUp(part: LatencyPart, heardAt: MonotonicMs, from: MonotonicMs): LatencyPart {
  const longestUs = (heardAt - PART_AGE_MS - from) * 1000;
  const kept: number[] = [];
  for (let i = 0; i + 1 < part.length; i += 2) if (part[i]! <= longestUs) kept.push(part[i]!, part[i + 1]!);
  return kept;
}
