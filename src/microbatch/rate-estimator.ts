/**
 * Bounds the records of a batch so that it takes no longer than its interval: the PID controller of D-Streams
 * (`PIDRateEstimator` of Spark Streaming), with its constants.
 *
 * Pure but for its memory of the last batch. It measures records per second of whole batches, so what a batch costs besides its records
 * is in the rate. The first batch has no bound from here: the other limits hold.
 */
import type { JobOptions } from '../execution/options.ts';
import type { DurationMs, MonotonicMs } from '../model/index.ts';

/** How much of the error of the last batch is made good at once. */
const PROPORTIONAL = 1;
/** How much of the backlog that late batches have left is worked off, per interval. */
const INTEGRAL = 0.2;
/** How much of the error's growth counts: nothing, for it would answer to noise. */
const DERIVATIVE = 0;

export interface RateEstimatorOptions {
  readonly intervalMs: DurationMs;
  /** Records per second below which the rate never falls. */
  readonly minRate: number;
}

interface Sample {
  readonly endedAt: MonotonicMs;
  /** Records per second. */
  readonly rate: number;
  readonly error: number;
}

export class RateEstimator {
  readonly #options: RateEstimatorOptions;
  #last: Sample | undefined;
  /** Whether the last sample yielded a rate: the first one is only a measurement. */
  #isSettled = false;
  /** By how much the batch before ran over its interval: so late began the one after it. */
  #delayMs: DurationMs = 0;

  constructor(options: RateEstimatorOptions) {
    this.#options = options;
  }

  /** `undefined` where the job asks for no rate control, or where no interval is kept. */
  static of({ batch }: Pick<JobOptions, 'batch'>): RateEstimator | undefined {
    return batch.rateControl === 'pid' && batch.trigger === 'interval' ? new RateEstimator(batch) : undefined;
  }

  /** Most records of the next batch, at least 1; `undefined`: not known yet. */
  recordsMax(): number | undefined {
    if (this.#last === undefined || !this.#isSettled) return undefined;
    return Math.max(1, Math.floor((this.#last.rate * this.#options.intervalMs) / 1000));
  }

  /**
   * Call once for each batch, with when it ended and what it took. A batch without records or without duration says nothing, nor does one
   * that ended no later than the one before.
   */
  update(endedAt: MonotonicMs, records: number, durationMs: DurationMs): void {
    const { intervalMs, minRate } = this.#options;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.max(0, durationMs - intervalMs);
    const last = this.#last;
    if (records <= 0 || durationMs <= 0 || (last !== undefined && endedAt <= last.endedAt)) return;
    const measured = (records / durationMs) * 1000;
    if (last === undefined) {
      this.#last = { endedAt, rate: measured, error: 0 };
      return;
    }
    const error = last.rate - measured;
    const backlog = (delayMs * measured) / intervalMs;
    const growth = ((error - last.error) / (endedAt - last.endedAt)) * 1000;
    const rate = last.rate - PROPORTIONAL * error - INTEGRAL * backlog - DERIVATIVE * growth;
    this.#last = { endedAt, rate: Math.max(minRate, rate), error };
    this.#isSettled = true;
  }
}
