import type { JobOptionsInput, RandomStream } from '../../src/index.ts';
import { RECORD_BYTES } from './random-graph.ts';

/**
 * Options of any size that must not change what a job puts out; small enough for all limits to be met by `records` records of input.
 * Nothing about modes and triggers.
 */
export function drawOptions(random: RandomStream, records: number): JobOptionsInput {
  const minWorkers = 1 + random.below(3);
  return {
    parallelism: 1 + random.below(4),
    workers: 1 + random.below(3),
    epoch: { intervalMs: 1 + random.below(5) },
    channel: { frameRecords: 1 + random.below(7), ringBytes: 4096, localRecords: 2 + random.below(30) },
    state: { foldEveryEpochs: 1 + random.below(4) },
    restart: { attemptsMax: 1000 },
    batch: {
      recordsMax: drawRecordsMax(random, records),
      bytesMax: RECORD_BYTES * drawRecordsMax(random, records),
      minWorkers,
      maxWorkers: minWorkers + random.below(3),
    },
  };
}

/** One batch of everything; a few batches; or some dozens. */
function drawRecordsMax(random: RandomStream, records: number): number {
  const batches = [1, 5, 30][random.below(3)]!;
  return Math.max(1, Math.ceil(records / batches) + random.below(3) - 1);
}
