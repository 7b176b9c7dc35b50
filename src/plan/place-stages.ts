/**
 * Which worker runs subtask 0 of each stage; the others follow round robin. Pure.
 *
 * Stages joined by forward exchanges are placed as one group, so that subtask i of each runs on one thread. Groups are placed
 * in order: on the worker that leaves the load most even, and among equals where most channels from earlier groups
 * cross threads: a producer and its consumer then work at the same time, even at parallelism 1.
 */
import type { StageIndex, WorkerIndex } from '../model/index.ts';
import type { Partitioning } from './logical-plan.ts';

export interface StageToPlace {
  readonly parallelism: number;
  readonly inputs: readonly { readonly from: StageIndex; readonly partitioning: Partitioning }[];
}

export function placeStages(stages: readonly StageToPlace[], workers: number): readonly WorkerIndex[] {
  const groupOf = groupByForwardExchange(stages);
  const placed = new Map<StageIndex, WorkerIndex>();
  const load = new Array<number>(workers).fill(0);
  for (const group of new Set(groupOf)) {
    const members = stages.flatMap((_, index) => (groupOf[index] === group ? [index] : []));
    const first = bestWorker(stages, members, placed, load);
    for (const member of members) {
      for (let i = 0; i < stages[member]!.parallelism; i++) load[(first + i) % workers]!++;
    }
    for (const member of members) placed.set(member, first);
  }
  return stages.map((_, index) => placed.get(index)!);
}

/** For each stage the lowest stage it is joined with, through any number of forward exchanges. */
function groupByForwardExchange(stages: readonly StageToPlace[]): readonly StageIndex[] {
  const groupOf = stages.map((_, index) => index);
  for (const [index, { inputs }] of stages.entries()) {
    for (const { from, partitioning } of inputs) {
      if (partitioning !== 'forward') continue;
      const [low, high] = [groupOf[from]!, groupOf[index]!].sort((a, b) => a - b);
      for (const [i, group] of groupOf.entries()) if (group === high) groupOf[i] = low!;
    }
  }
  return groupOf;
}

function bestWorker(
  stages: readonly StageToPlace[],
  members: readonly StageIndex[],
  placed: ReadonlyMap<StageIndex, WorkerIndex>,
  load: readonly number[],
): WorkerIndex {
  let best = { worker: 0, unevenness: Number.POSITIVE_INFINITY, crossings: 0 };
  for (let worker = 0; worker < load.length; worker++) {
    const unevenness = unevennessWith(stages, members, worker, load);
    const crossings = crossingsAt(stages, members, worker, placed, load.length);
    const isBetter = unevenness < best.unevenness || (unevenness === best.unevenness && crossings > best.crossings);
    if (isBetter) best = { worker, unevenness, crossings };
  }
  return best.worker;
}

/** Sum of squares of the load per worker, were the group placed there. */
function unevennessWith(
  stages: readonly StageToPlace[],
  members: readonly StageIndex[],
  first: WorkerIndex,
  load: readonly number[],
): number {
  const after = [...load];
  for (const member of members) {
    for (let i = 0; i < stages[member]!.parallelism; i++) after[(first + i) % load.length]!++;
  }
  return after.reduce((sum, subtasks) => sum + subtasks * subtasks, 0);
}

/** Channels between placed stages and the group that would cross threads. */
function crossingsAt(
  stages: readonly StageToPlace[],
  members: readonly StageIndex[],
  first: WorkerIndex,
  placed: ReadonlyMap<StageIndex, WorkerIndex>,
  workers: number,
): number {
  let crossings = 0;
  for (const member of members) {
    for (const { from } of stages[member]!.inputs) {
      const origin = placed.get(from);
      if (origin === undefined) continue;
      for (let i = 0; i < stages[from]!.parallelism; i++) {
        for (let j = 0; j < stages[member]!.parallelism; j++) {
          if ((origin + i) % workers !== (first + j) % workers) crossings++;
        }
      }
    }
  }
  return crossings;
}
