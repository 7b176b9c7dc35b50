/** How long records took until a reader of a committed sink could see them: from when they were due to the commit of their epoch. Pure. */
import type { Visibility } from '../connectors/visibility-log.ts';
import { LatencyHistogram, type LatencySummary } from '../execution/latency-histogram.ts';
import type { DurationMs } from '../model/index.ts';

/** Records that were due earlier than `warmUpMs` behind the first one are left out. Exact to a millisecond. */
export function visibleLatency(epochs: readonly Visibility[], warmUpMs: DurationMs): LatencySummary {
  const histogram = new LatencyHistogram();
  const firstDue = epochs.reduce((first, { due }) => Math.min(first, earliest(due)), Number.POSITIVE_INFINITY);
  for (const { visibleAt, due } of epochs) {
    for (let i = 0; i + 1 < due.length; i += 2) {
      if (due[i]! >= firstDue + warmUpMs) histogram.record(visibleAt - due[i]!, due[i + 1]!);
    }
  }
  return histogram.summary();
}

function earliest(due: readonly number[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (let i = 0; i < due.length; i += 2) first = Math.min(first, due[i]!);
  return first;
}
