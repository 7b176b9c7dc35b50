import { describe, expect, it } from 'vitest';
import { resolveJobOptions } from '../../src/execution/options.ts';
import { RateEstimator } from '../../src/microbatch/rate-estimator.ts';

const INTERVAL_MS = 500;

/** A job whose batches cost a fixed time, and more for each record; there is always more to read. */
class SimulatedBatches {
  readonly estimator = new RateEstimator({ intervalMs: INTERVAL_MS, minRate: 100 });
  readonly durations: number[] = [];
  readonly records: number[] = [];
  #now = 0;

  run(batches: number, costMs: (records: number) => number, recordsMax = 500_000): void {
    for (let i = 0; i < batches; i++) {
      const records = Math.min(recordsMax, this.estimator.recordsMax() ?? recordsMax);
      const durationMs = costMs(records);
      this.#now = Math.max(this.#now + durationMs, Math.ceil((this.#now + durationMs) / INTERVAL_MS) * INTERVAL_MS);
      this.estimator.update(this.#now, records, durationMs);
      this.records.push(records);
      this.durations.push(durationMs);
    }
  }

  last(count: number): readonly number[] {
    return this.durations.slice(-count);
  }
}

describe('the rate estimator', () => {
  it('says nothing before its second sample: the first is only a measurement', () => {
    const estimator = new RateEstimator({ intervalMs: 1000, minRate: 100 });
    expect(estimator.recordsMax()).toBeUndefined();

    estimator.update(1000, 5000, 500);
    expect(estimator.recordsMax()).toBeUndefined();

    estimator.update(2000, 5000, 500);
    expect(estimator.recordsMax()).toBe(10_000);
  });

  it('follows the formula of D-Streams', () => {
    const estimator = new RateEstimator({ intervalMs: 1000, minRate: 100 });

    estimator.update(1000, 10_000, 1500);
    // Measured 4000/s, begun 500 ms late: 6666.7 - 1 * (6666.7 - 4000) - 0.2 * (500 * 4000 / 1000).
    estimator.update(2000, 4000, 1000);

    expect(estimator.recordsMax()).toBe(3600);
  });

  it.each<[string, readonly [number, number, number]]>([
    ['no records', [3000, 0, 500]],
    ['no duration', [3000, 5000, 0]],
    ['an end no later than the last', [2000, 50_000, 500]],
  ])('passes over a sample with %s', (_case, sample) => {
    const estimator = new RateEstimator({ intervalMs: 1000, minRate: 100 });
    estimator.update(1000, 5000, 500);
    estimator.update(2000, 5000, 500);

    estimator.update(...sample);

    expect(estimator.recordsMax()).toBe(10_000);
  });

  it('is there only where the job asks for it and keeps an interval', () => {
    const pid = { rateControl: 'pid', intervalMs: 5 } as const;

    expect(RateEstimator.of(resolveJobOptions({ batch: pid }))).toBeInstanceOf(RateEstimator);
    expect(RateEstimator.of(resolveJobOptions({ batch: { intervalMs: 5 } }))).toBeUndefined();
    expect(RateEstimator.of(resolveJobOptions({ batch: { ...pid, trigger: 'available-now' } }))).toBeUndefined();
  });

  it('brings batches under their interval and keeps them there, near its full use', () => {
    const job = new SimulatedBatches();

    job.run(40, (records) => 20 + records * 0.01);

    expect(job.durations[0]).toBeGreaterThan(4000);
    expect(Math.max(...job.last(30))).toBeLessThanOrEqual(INTERVAL_MS + 1);
    expect(Math.min(...job.last(30))).toBeGreaterThan(INTERVAL_MS * 0.9);
  });

  it('recovers from records that suddenly cost ten times as much, and from their end', () => {
    const job = new SimulatedBatches();
    job.run(30, (records) => 20 + records * 0.01);

    job.run(30, (records) => 20 + records * 0.1);
    const dear = job.last(20);
    job.run(60, (records) => 20 + records * 0.01);

    expect(Math.max(...dear)).toBeLessThanOrEqual(INTERVAL_MS + 1);
    expect(Math.min(...dear)).toBeGreaterThan(INTERVAL_MS * 0.9);
    expect(Math.max(...job.last(20))).toBeLessThanOrEqual(INTERVAL_MS + 1);
    expect(Math.min(...job.last(20))).toBeGreaterThan(INTERVAL_MS * 0.9);
  });

  it('never goes below its least rate, however slow the job', () => {
    const job = new SimulatedBatches();

    job.run(20, (records) => 1000 + records * 50);

    expect(Math.min(...job.records)).toBe(50);
    expect(job.records.at(-1)).toBe(50);
  });

  it('admits a record where the least rate is less than one per interval', () => {
    const estimator = new RateEstimator({ intervalMs: 1, minRate: 1 });
    estimator.update(10_000, 1, 10_000);
    estimator.update(20_000, 1, 10_000);

    expect(estimator.recordsMax()).toBe(1);
  });
});
