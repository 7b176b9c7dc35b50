/**
 * An `immediate` sink that measures each row of a window from when the window could have closed, its end and the bound on disorder behind
 * it, until the row arrives here. Windows that close in the warm-up are not measured, nor is the last one, which the end of the input cuts
 * short; all rows are added up, so that a record that was lost or late is missed.
 */
import { writeFileSync } from 'node:fs';
import type { SinkConnector, SinkWriter, SinkWriterContext, StreamRecord } from 'millrace';
import { Distribution, type DistributionSummary } from '../harness/distribution.ts';
import { type GarbageSummary, GarbageWatch } from './garbage-watch.ts';

export interface WindowProbeOptions {
  /** Where the writer of subtask 0 leaves its {@link WindowProbeResult} when it closes. The sink has one subtask. */
  readonly resultPath: string;
  readonly warmUpMs: number;
  readonly outOfOrderMs: number;
}

export interface WindowProbeResult {
  /** Every row. */
  readonly rows: DistributionSummary;
  /** The first and the last row of each window. */
  readonly first: DistributionSummary;
  readonly last: DistributionSummary;
  /** Records in all rows, measured or not. */
  readonly records: number;
  readonly garbage: GarbageSummary;
}

/** A row of a window, as far as this needs it. */
export interface CountRow {
  readonly windowEnd: number;
  readonly payments: number;
}

export function windowProbeSink(options: WindowProbeOptions): SinkConnector<CountRow> {
  return {
    delivery: 'immediate',
    describe: () => ({ type: 'window-probe', label: 'window probe', identity: {} }),
    createWriter: (context) => new WindowProbeWriter(context, options),
  };
}

class WindowProbeWriter implements SinkWriter<CountRow> {
  readonly #clock: SinkWriterContext['clock'];
  readonly #options: WindowProbeOptions;
  readonly #rows: Distribution = new Distribution();
  readonly #first: Distribution = new Distribution();
  readonly #last: Distribution = new Distribution();
  readonly #garbage: GarbageWatch = new GarbageWatch();
  #records = 0;
  #measureFrom = Number.NaN;
  /** The window whose rows come now: its end, and how late they were. */
  #end = Number.NaN;
  readonly #times: number[] = [];

  constructor(context: SinkWriterContext, options: WindowProbeOptions) {
    this.#clock = context.clock;
    this.#options = options;
  }

  write({ value: { windowEnd, payments } }: StreamRecord<CountRow>): void {
    const ms = this.#clock.monotonic() - windowEnd - this.#options.outOfOrderMs;
    this.#records += payments;
    if (Number.isNaN(this.#measureFrom)) {
      this.#measureFrom = windowEnd + this.#options.warmUpMs;
      this.#garbage.begin();
    }
    if (windowEnd < this.#measureFrom) return;
    if (windowEnd !== this.#end) this.#endWindow(windowEnd);
    this.#times.push(ms);
  }

  prepare(): Record<string, never> {
    return {};
  }

  close(): void {
    const result: WindowProbeResult = {
      rows: this.#rows.summary(),
      first: this.#first.summary(),
      last: this.#last.summary(),
      records: this.#records,
      garbage: this.#garbage.end(),
    };
    writeFileSync(this.#options.resultPath, JSON.stringify(result));
  }

  #endWindow(next: number): void {
    const times = this.#times;
    // Before its end a window can only close with the input.
    if (times.length > 0 && times[0]! >= 0) {
      for (const ms of times) this.#rows.record(ms);
      this.#first.record(times[0]!);
      this.#last.record(times[times.length - 1]!);
    }
    times.length = 0;
    this.#end = next;
  }
}
