/** What jobs that are drawn at random go through: how each process of them runs, and what befalls it. */
import type { ExecutionMode, JobOptionsInput, RandomStream } from '../../src/index.ts';
import type { SimulationOptions } from '../../src/testing/index.ts';
import { drawOptions } from '../equivalence/draw-options.ts';

const MODES: readonly ExecutionMode[] = ['continuous', 'microbatch', 'adaptive'];

/** `records`: of the input. */
export function drawProcess(random: RandomStream, records: number): JobOptionsInput {
  const drawn = drawOptions(random, records);
  return {
    ...drawn,
    mode: MODES[random.below(MODES.length)]!,
    batch: { ...drawn.batch, intervalMs: random.below(3) === 0 ? 1 + random.below(20) : 0 },
    adaptive: { backlogMs: random.below(20), caughtUpMs: random.below(20), dwellMs: random.below(10) },
  };
}

export function drawAdversity(
  random: RandomStream,
): Pick<SimulationOptions, 'faults' | 'stepRecordsMax' | 'isEncodingForced' | 'cacheBytes' | 'roundMs'> {
  return {
    faults: {
      workerKills: random.below(4),
      crashes: random.below(5),
      switches: random.below(4),
      stalls: random.below(4),
    },
    stepRecordsMax: 1 + random.below(40),
    isEncodingForced: random.below(2) === 0,
    cacheBytes: random.below(2) === 0 ? 4096 : undefined,
    // Otherwise time moves only while nothing else can: then epochs seldom begin while records are on their way.
    roundMs: random.below(2) === 0 ? 0.1 : undefined,
  };
}
