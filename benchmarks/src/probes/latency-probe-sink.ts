/**
 * An `immediate` sink that measures every record, from when it was due at its source until it arrives here, in the thread
 * of the sink. Takes the place of an output: what it costs itself is a clock read and a count in a histogram.
 *
 * Records due in the warm-up are not counted. All others are, so the source must be bounded and the job run to its end: a
 * record that is late is then late in the histogram, never absent from it (no coordinated omission).
 */
import { writeFileSync } from 'node:fs';
import type { SinkConnector, SinkWriter, SinkWriterContext, StreamRecord } from 'millrace';
import { Distribution, type DistributionSummary } from '../harness/distribution.ts';
import { type GarbageSummary, GarbageWatch } from './garbage-watch.ts';

export interface LatencyProbeOptions {
  /** Where the writer of subtask 0 leaves its {@link LatencyProbeResult} when it closes. The sink has one subtask. */
  readonly resultPath: string;
  readonly warmUpMs: number;
}

export interface LatencyProbeResult {
  readonly latency: DistributionSummary;
  /** Between the arrivals of the first and the last measured record. */
  readonly seconds: number;
  readonly garbage: GarbageSummary;
}

export function latencyProbeSink<T>(options: LatencyProbeOptions): SinkConnector<T> {
  return {
    delivery: 'immediate',
    describe: () => ({ type: 'latency-probe', label: 'latency probe', identity: {} }),
    createWriter: (context) => new LatencyProbeWriter(context, options),
  };
}

class LatencyProbeWriter implements SinkWriter {
  readonly #clock: SinkWriterContext['clock'];
  readonly #options: LatencyProbeOptions;
  readonly #latency: Distribution = new Distribution();
  readonly #garbage: GarbageWatch = new GarbageWatch();
  #measureFrom = Number.NaN;
  #firstAt = Number.NaN;
  #lastAt = Number.NaN;

  constructor(context: SinkWriterContext, options: LatencyProbeOptions) {
    this.#clock = context.clock;
    this.#options = options;
  }

  write(record: StreamRecord): void {
    const now = this.#clock.monotonic();
    const due = record.ingestTime;
    if (due >= this.#measureFrom) {
      this.#latency.record(now - due);
      this.#lastAt = now;
      if (Number.isNaN(this.#firstAt)) this.#begin(now);
    } else if (Number.isNaN(this.#measureFrom)) {
      this.#measureFrom = due + this.#options.warmUpMs;
    }
  }

  prepare(): Record<string, never> {
    return {};
  }

  close(): void {
    const result: LatencyProbeResult = {
      latency: this.#latency.summary(),
      seconds: (this.#lastAt - this.#firstAt) / 1000,
      garbage: this.#garbage.end(),
    };
    writeFileSync(this.#options.resultPath, JSON.stringify(result));
  }

  #begin(now: number): void {
    this.#firstAt = now;
    this.#garbage.begin();
  }
}
