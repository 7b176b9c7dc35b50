/** From what a trial measured to the figures of its variant. Pure. */
import type { DurationMs } from '../model/index.ts';
import type { DrainFigures, PacedFigures } from './comparison.ts';
import type { TrialResult } from './trial.ts';

export function drainFigures(result: TrialResult): DrainFigures {
  const { commits, cpuMs, elapsedMs, epochs, peakMemoryBytes, recordsRead, recordsRefused } = result;
  const recordsPerSecond = rateOf(recordsRead, elapsedMs);
  return { records: recordsRead, recordsPerSecond, elapsedMs, cpuMs, peakMemoryBytes, epochs, commits, recordsRefused };
}

export function pacedFigures(result: TrialResult, offeredPerSecond: number): PacedFigures {
  const { cpuMs, distribution, elapsedMs, latency, peakMemoryBytes, recordsRead, visible } = result;
  const achievedPerSecond = rateOf(recordsRead, elapsedMs);
  return {
    records: recordsRead,
    offeredPerSecond,
    achievedPerSecond,
    latency,
    distribution,
    visible,
    cpuMs,
    peakMemoryBytes,
  };
}

/** Nothing takes no time: a rate of 0 rather than none. */
function rateOf(records: number, elapsedMs: DurationMs): number {
  return elapsedMs > 0 ? (records * 1000) / elapsedMs : 0;
}
