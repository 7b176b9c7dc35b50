/** Windows, joins, deduplication, timers and calls in random graphs: continuous mode = microbatch mode = a plain array program, whatever the limits. */
import { describe, it } from 'vitest';
import { SeededRandom } from '../../src/connectors/index.ts';
import type { EngineMode } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';
import { drawOptions } from './draw-options.ts';
import { drawTimedGraph, eventsIn } from './timed-graph.ts';
import { TimedGraphUnderTest } from './timed-job.ts';

const GRAPHS = Number(process.env['GRAPHS'] ?? 120);
const FIRST = Number(process.env['FIRST_GRAPH'] ?? 0);
const MODES: readonly EngineMode[] = ['continuous', 'microbatch'];

describe('a random job in event time gives what a plain array program gives', () => {
  it.each(Array.from({ length: GRAPHS }, (_, n) => FIRST + n))('in both modes, seed %i', async (seed) => {
    const graph = drawTimedGraph(seed);
    const random = new SeededRandom(seed);

    for (const [draw, mode] of MODES.entries()) {
      random.begin(30 + draw);
      const underTest = new TimedGraphUnderTest(graph);
      const { status } = await simulateJob(underTest.job, {
        seed,
        options: { ...drawOptions(random, eventsIn(graph)), mode, parallelism: 1 + ((seed + draw) % 4) },
        stepRecordsMax: 1 + random.below(40),
        isEncodingForced: random.below(2) === 0,
        cacheBytes: random.below(2) === 0 ? 4096 : undefined,
      });

      underTest.expectOutput(status, mode);
    }
  });
});
