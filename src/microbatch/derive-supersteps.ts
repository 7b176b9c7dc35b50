/**
 * Which stages run together: the levels of the stage graph. Pure.
 *
 * A stage runs in the first superstep in which all its producers are done, so every block it reads is complete (the BSP barrier).
 */
import { assert, type StageIndex } from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';

/** The supersteps in order, each with its stages in the order of the plan. Every stage is in exactly one. */
export function deriveSupersteps(plan: Pick<PhysicalPlan, 'stages' | 'exchanges'>): readonly (readonly StageIndex[])[] {
  const done = new Set<StageIndex>();
  const supersteps: StageIndex[][] = [];
  let waiting = plan.stages.map(({ index }) => index);
  while (waiting.length > 0) {
    const isReady = (stage: StageIndex): boolean =>
      plan.exchanges.every(({ from, to }) => to !== stage || done.has(from));
    const ready = waiting.filter(isReady);
    assert(ready.length > 0, `stages ${waiting.join(', ')} wait for each other: a plan has no cycle`);
    supersteps.push(ready);
    waiting = waiting.filter((stage) => !ready.includes(stage));
    for (const stage of ready) done.add(stage);
  }
  return supersteps;
}
