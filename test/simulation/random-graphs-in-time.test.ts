/**
 * Random jobs in event time, whatever dies: kills, crashes, threads that stand still, other modes, another parallelism and other limits at every start,
 * with windows open, timers set, joins waiting and calls under way. What is committed in the end is what a plain array program says, and
 * nothing was late.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/connectors/index.ts';
import type { JobOptionsInput, RandomStream } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';
import { drawTimedGraph, eventsIn } from '../equivalence/timed-graph.ts';
import { TimedGraphUnderTest } from '../equivalence/timed-job.ts';
import { drawAdversity, drawProcess } from './draw-adversity.ts';

const RUNS = Number(process.env['GRAPHS'] ?? 60);
const FIRST = Number(process.env['FIRST_GRAPH'] ?? 0);
/** Graphs other than those that are run without faults. */
const FIRST_GRAPH = 1_000_000;

function drawTimedProcess(random: RandomStream, records: number): JobOptionsInput {
  return {
    ...drawProcess(random, records),
    watermark: { advance: random.below(3) === 0 ? 'epoch' : 'record', intervalMs: random.below(3) },
  };
}

describe('random jobs in event time equal a plain array program, whatever dies and in whatever mode', () => {
  const found = { restarts: 0, crashes: 0, switches: 0 };
  afterAll(() => {
    expect(found.restarts).toBeGreaterThan(RUNS / 10);
    expect(found.crashes).toBeGreaterThan(RUNS);
    expect(found.switches).toBeGreaterThan(RUNS / 5);
  });

  it.each(Array.from({ length: RUNS }, (_, n) => FIRST + n))('seed %i', async (seed) => {
    const graph = drawTimedGraph(FIRST_GRAPH + seed);
    const underTest = new TimedGraphUnderTest(graph);
    const random = new SeededRandom(seed);
    random.begin(20);

    const { processes, status } = await simulateJob(underTest.job, {
      seed,
      optionsOf: (process) => {
        random.begin(100 + process);
        return drawTimedProcess(random, eventsIn(graph));
      },
      ...drawAdversity(random),
    });

    found.restarts += status.restarts;
    found.crashes += processes - 1;
    found.switches += status.switches;
    underTest.expectOutput(status, `${processes} processes`);
  });
});
