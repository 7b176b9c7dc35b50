/** The channel between threads alone: encoding, shared memory, doorbell, decoding. For orientation. */
import type { Benchmark, BenchmarkResult, Measurement } from './harness/benchmark.ts';
import { median } from './harness/distribution.ts';
import { measureIn } from './harness/fork.ts';
import type { RingChannelSettings } from './micro/ring-channel.ts';
import type { RingReaderResult } from './micro/ring-reader-thread.ts';

const RUNS = 5;
const RECORDS = 10_000_000;

export const channel: Benchmark = {
  name: 'channel',
  question: 'how many records per second cross from one thread to another?',
  run: async (context): Promise<BenchmarkResult> => {
    const measurements: Measurement[] = [];
    for (const recordsPerStep of [1, 16, 256]) {
      const rates: number[] = [];
      const records = Math.round((RECORDS * context.scale * Math.min(256, recordsPerStep * 4)) / 256);
      for (let run = 0; run < RUNS; run++) {
        context.progress(`${recordsPerStep} records per step, run ${run + 1}`);
        const settings: RingChannelSettings = {
          records,
          warmUpRecords: records / 2,
          recordsPerStep,
          frameRecords: 512,
          ringBytes: 2 ** 20,
        };
        const script = new URL('./micro/ring-channel.js', import.meta.url);
        rates.push((await measureIn<RingReaderResult>(script, settings)).recordsPerSecond);
      }
      const rate = median(rates);
      measurements.push({
        of: `flush after ${recordsPerStep}`,
        figures: {
          'records/s': rate,
          'slowest/s': Math.min(...rates),
          'fastest/s': Math.max(...rates),
          'ns per record': 1e9 / rate,
          records,
          runs: RUNS,
        },
      });
    }
    return { conditions: { record: '{ card, amount } with a key', 'ring bytes': 2 ** 20, keys: 10_000 }, measurements };
  },
};
