/** Durations as an HdrHistogram: three significant digits, from 0.1 us to 100 s, every sample counted. */
import { build, type Histogram } from 'hdr-histogram-js';

const UNITS_PER_MS = 10_000;
const HIGHEST = 100_000 * UNITS_PER_MS;

/** Milliseconds, except `count`. */
export interface DistributionSummary {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly max: number;
}

export class Distribution {
  readonly #histogram: Histogram = build({
    bitBucketSize: 64,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST,
    numberOfSignificantValueDigits: 3,
  });
  #max = 0;

  record(ms: number): void {
    this.#histogram.recordValue(Math.min(HIGHEST, Math.max(1, Math.round(ms * UNITS_PER_MS))));
    if (ms > this.#max) this.#max = ms;
  }

  summary(): DistributionSummary {
    const at = (percentile: number): number =>
      this.#histogram.totalCount === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile) / UNITS_PER_MS;
    return {
      count: this.#histogram.totalCount,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      p9999: at(99.99),
      max: this.#max,
    };
  }
}

/** As figures of a measurement; percentiles that the number of samples does not support are left out. */
export function figuresOf(summary: DistributionSummary, unit = 'ms'): Record<string, number> {
  const { count, p50, p90, p99, p999, p9999, max } = summary;
  return {
    [`p50 ${unit}`]: p50,
    [`p90 ${unit}`]: p90,
    ...(count >= 100 ? { [`p99 ${unit}`]: p99 } : {}),
    ...(count >= 1000 ? { [`p99.9 ${unit}`]: p999 } : {}),
    ...(count >= 10_000 ? { [`p99.99 ${unit}`]: p9999 } : {}),
    [`max ${unit}`]: max,
    samples: count,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
