/** Continuous mode = microbatch mode = a plain array program, on random graphs and input, at any parallelism and any limits. */
import { describe, it } from 'vitest';
import { SeededRandom } from '../../src/connectors/index.ts';
import type { EngineMode } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';
import { drawOptions } from './draw-options.ts';
import { drawGraph, GraphUnderTest, recordsIn } from './random-graph.ts';

const GRAPHS = Number(process.env['GRAPHS'] ?? 200);
const MODES: readonly EngineMode[] = ['continuous', 'microbatch'];

describe('a random job gives what a plain array program gives', () => {
  it.each(Array.from({ length: GRAPHS }, (_, seed) => seed))('in both modes, seed %i', async (seed) => {
    const graph = drawGraph(seed);
    const random = new SeededRandom(seed);

    for (const [draw, mode] of MODES.entries()) {
      random.begin(10 + draw);
      const underTest = new GraphUnderTest(graph);
      const { disk } = await simulateJob(underTest.job, {
        seed,
        options: { ...drawOptions(random, recordsIn(graph)), mode, parallelism: 1 + ((seed + draw) % 4) },
        stepRecordsMax: 1 + random.below(40),
        isEncodingForced: random.below(2) === 0,
        cacheBytes: random.below(2) === 0 ? 4096 : undefined,
      });

      underTest.expectOutput(disk);
    }
  });
});
