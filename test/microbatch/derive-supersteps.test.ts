import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveSupersteps } from '../../src/microbatch/derive-supersteps.ts';
import type { PhysicalPlan } from '../../src/plan/index.ts';
import '../support/property-seed.ts';

type Graph = Pick<PhysicalPlan, 'stages' | 'exchanges'>;

/** Stages and edges are all that is looked at. */
function graph(stages: number, edges: readonly (readonly [number, number])[]): Graph {
  return {
    stages: Array.from({ length: stages }, (_, index) => ({ index })),
    exchanges: edges.map(([from, to], index) => ({ index, from, to })),
  } as unknown as Graph;
}

describe('supersteps', () => {
  it.each<[string, Graph, readonly (readonly number[])[]]>([
    ['nothing', graph(0, []), []],
    ['one stage', graph(1, []), [[0]]],
    [
      'a chain',
      graph(3, [
        [0, 1],
        [1, 2],
      ]),
      [[0], [1], [2]],
    ],
    ['stages without an edge run at once', graph(3, []), [[0, 1, 2]]],
    [
      'a diamond',
      graph(4, [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
      ]),
      [[0], [1, 2], [3]],
    ],
    [
      'a merge of a long and a short branch waits for the long one',
      graph(4, [
        [0, 1],
        [1, 2],
        [2, 3],
        [0, 3],
      ]),
      [[0], [1], [2], [3]],
    ],
    [
      'two edges between the same stages',
      graph(2, [
        [0, 1],
        [0, 1],
      ]),
      [[0], [1]],
    ],
    [
      'plans whose stages are not in the order of their edges',
      graph(3, [
        [2, 0],
        [0, 1],
      ]),
      [[2], [0], [1]],
    ],
  ])('of %s', (_case, plan, expected) => {
    expect(deriveSupersteps(plan)).toEqual(expected);
  });

  it('of a cycle there are none: that is a bug of the compiler', () => {
    const plan = graph(3, [
      [0, 1],
      [1, 2],
      [2, 1],
    ]);

    expect(() => deriveSupersteps(plan)).toThrow('stages 1, 2 wait for each other');
  });

  it('hold every stage once, directly behind the last of its producers', () => {
    const acyclic = fc.integer({ min: 2, max: 12 }).chain((stages) =>
      fc.tuple(
        fc.constant(stages),
        fc.array(
          fc
            .tuple(fc.nat(stages - 1), fc.nat(stages - 1))
            .filter(([a, b]) => a !== b)
            .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
        ),
      ),
    );

    fc.assert(
      fc.property(acyclic, ([stages, edges]) => {
        const supersteps = deriveSupersteps(graph(stages, edges));

        const level = new Map(supersteps.flatMap((step, index) => step.map((stage) => [stage, index] as const)));
        expect(supersteps.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: stages }, (_, index) => index));
        for (let stage = 0; stage < stages; stage++) {
          const producers = edges.filter(([, to]) => to === stage).map(([from]) => level.get(from)!);
          expect(level.get(stage)).toBe(Math.max(-1, ...producers) + 1);
        }
      }),
    );
  });
});
