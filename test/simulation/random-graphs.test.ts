/**
 * Random jobs on random input, whatever dies: workers and threads are killed, the mode is switched while they run, processes crash and
 * start again in another mode, at another parallelism, with other limits, on the same disk. What is committed in the end is what
 * a plain array program says.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/connectors/index.ts';
import { simulateJob } from '../../src/testing/index.ts';
import { drawGraph, GraphUnderTest, recordsIn } from '../equivalence/random-graph.ts';
import { drawAdversity, drawProcess } from './draw-adversity.ts';

const RUNS = Number(process.env['GRAPHS'] ?? 200);
/** Graphs other than those that are run without faults. */
const FIRST_GRAPH = 1_000_000;

describe('random jobs equal a plain array program, whatever dies and in whatever mode (I1-I4, I10, I11)', () => {
  const found = { restarts: 0, crashes: 0, switches: 0, retries: 0, speculations: 0 };
  afterAll(() => {
    // A fault may come when the job has just ended; over all seeds most do not.
    expect(found.restarts).toBeGreaterThan(RUNS / 10);
    expect(found.crashes).toBeGreaterThan(RUNS);
    expect(found.switches).toBeGreaterThan(RUNS / 5);
    expect(found.retries).toBeGreaterThan(RUNS / 20);
    expect(found.speculations).toBeGreaterThan(RUNS / 40);
  });

  it.each(Array.from({ length: RUNS }, (_, seed) => seed))('seed %i', async (seed) => {
    const graph = drawGraph(FIRST_GRAPH + seed);
    const underTest = new GraphUnderTest(graph);
    const random = new SeededRandom(seed);
    random.begin(20);

    const { disk, processes, status } = await simulateJob(underTest.job, {
      seed,
      optionsOf: (process) => {
        random.begin(100 + process);
        return drawProcess(random, recordsIn(graph));
      },
      ...drawAdversity(random),
    });

    found.restarts += status.restarts;
    found.crashes += processes - 1;
    found.switches += status.switches;
    found.retries += status.batch?.retries ?? 0;
    found.speculations += status.batch?.speculations ?? 0;
    underTest.expectOutput(disk);
  });
});
