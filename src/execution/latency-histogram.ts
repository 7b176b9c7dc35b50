/**
 * Latencies as an HdrHistogram: microseconds, three significant digits, 1 us to 1 hour. The driver adds up here what
 * the recorders of the workers hand over.
 */
// The one class by its own file: the package's index compiles WebAssembly and loads codecs that nobody here uses (100 ms).
import hdr from 'hdr-histogram-js/dist/Float64Histogram.js';

const HIGHEST_US = 3_600_000_000;

/** Recorded values since the last take: pairs of (microseconds, count), flat. Crosses threads. */
export type LatencyPart = readonly number[];

/** Milliseconds, except `count`. All zero when nothing was recorded. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export class LatencyHistogram {
  readonly #histogram: InstanceType<typeof hdr.default> = new hdr.default(1, HIGHEST_US, 3);

  /** A negative latency (a record ahead of its schedule by less than the clock's resolution) counts as the shortest one. */
  record(latencyMs: number, count = 1): void {
    const us = Math.round(latencyMs * 1000);
    this.#histogram.recordValueWithCount(Math.min(Math.max(us, 1), HIGHEST_US), count);
  }

  add(part: LatencyPart): void {
    for (let i = 0; i + 1 < part.length; i += 2) this.#histogram.recordValueWithCount(part[i]!, part[i + 1]!);
  }

  summary(): LatencySummary {
    const histogram = this.#histogram;
    if (histogram.totalCount === 0) return { count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
    const ms = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
    return {
      count: histogram.totalCount,
      p50: ms(50),
      p90: ms(90),
      p99: ms(99),
      p999: ms(99.9),
      max: histogram.maxValue / 1000,
    };
  }

  /** Milliseconds at each of `percentiles` (0 to 100). All zero when nothing was recorded. */
  valuesAt(percentiles: readonly number[]): readonly number[] {
    return percentiles.map((percentile) => this.#histogram.getValueAtPercentile(percentile) / 1000);
  }
}
