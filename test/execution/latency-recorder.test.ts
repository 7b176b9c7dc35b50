import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LatencyHistogram } from '../../src/execution/latency-histogram.ts';
import { LatencyRecorder } from '../../src/execution/latency-recorder.ts';

const LONGEST_US = 0x7fffffff;

describe('a latency recorder', () => {
  test('hands over every latency, at most a thousandth too short', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: LONGEST_US }), (us) => {
        const recorder = new LatencyRecorder();

        recorder.record(us / 1000);

        const [told, count] = recorder.take();
        expect(count).toBe(1);
        expect(told).toBeLessThanOrEqual(us);
        expect(told).toBeGreaterThan(us * 0.999);
      }),
      { numRuns: 1000 },
    );
  });

  test('adds equal latencies up, and is empty after a take', () => {
    const recorder = new LatencyRecorder();
    recorder.record(0.05);
    recorder.record(0.05, 16);
    recorder.record(7);

    const first = recorder.take();
    const second = recorder.take();
    recorder.record(0.05);

    expect(first).toEqual([50, 17, 7000, 1]);
    expect(second).toEqual([]);
    expect(recorder.take()).toEqual([50, 1]);
  });

  test('counts what is below its range as the shortest latency and what is above it as the longest', () => {
    const recorder = new LatencyRecorder();
    recorder.record(-0.3);
    recorder.record(1e9);

    const part = recorder.take();

    expect(part.slice(0, 2)).toEqual([1, 1]);
    expect(part[2]).toBeGreaterThan(LONGEST_US * 0.999);
    const histogram = new LatencyHistogram();
    histogram.add(part);
    expect(histogram.summary()).toMatchObject({ count: 2, p50: 0.001 });
  });
});
