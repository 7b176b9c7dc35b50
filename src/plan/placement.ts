/**
 * Where the subtasks of a plan run and which channels join them. Pure: every thread derives the same answer from the
 * same plan, so that nobody has to be told.
 */
import {
  assert,
  type KeyGroupRange,
  ownedGroups,
  type StageIndex,
  type SubtaskId,
  type SubtaskIndex,
  subtaskId,
  type WorkerIndex,
} from '../model/index.ts';
import type { OperatorNode } from './logical-plan.ts';
import type { Exchange, ExchangeIndex, PhysicalPlan } from './physical-plan.ts';

export interface SubtaskPlacement {
  readonly id: SubtaskId;
  readonly stage: StageIndex;
  readonly subtask: SubtaskIndex;
  readonly worker: WorkerIndex;
}

/** One channel of an exchange: one producer subtask, one consumer subtask (I5). */
export interface ChannelPlacement {
  /** Unique in the plan. */
  readonly id: string;
  readonly exchange: ExchangeIndex;
  readonly from: SubtaskPlacement;
  readonly to: SubtaskPlacement;
  readonly crossesThreads: boolean;
}

export function workerOf(plan: PhysicalPlan, stage: StageIndex, subtask: SubtaskIndex): WorkerIndex {
  return (plan.stages[stage]!.firstWorker + subtask) % plan.workers;
}

/** All subtasks, by stage, then by index. */
export function listSubtasks(plan: PhysicalPlan): readonly SubtaskPlacement[] {
  return plan.stages.flatMap((stage) => subtasksOf(plan, stage.index));
}

/** All channels, by exchange, then by producer, then by consumer. */
export function listChannels(plan: PhysicalPlan): readonly ChannelPlacement[] {
  return plan.exchanges.flatMap((exchange) => channelsOf(plan, exchange));
}

function channelsOf(plan: PhysicalPlan, exchange: Exchange): readonly ChannelPlacement[] {
  const consumers = subtasksOf(plan, exchange.to);
  return subtasksOf(plan, exchange.from).flatMap((from) => {
    if (exchange.partitioning !== 'forward') return consumers.map((to) => channel(exchange, from, to));
    const to = consumers[from.subtask];
    assert(to !== undefined, `forward exchange ${exchange.index} joins stages of unequal parallelism`);
    return [channel(exchange, from, to)];
  });
}

function channel(exchange: Exchange, from: SubtaskPlacement, to: SubtaskPlacement): ChannelPlacement {
  return {
    id: `${exchange.index}:${from.id}>${to.id}`,
    exchange: exchange.index,
    from,
    to,
    crossesThreads: from.worker !== to.worker,
  };
}

function subtasksOf(plan: PhysicalPlan, stage: StageIndex): readonly SubtaskPlacement[] {
  return Array.from({ length: plan.stages[stage]!.parallelism }, (_, subtask) => ({
    id: subtaskId(stage, subtask),
    stage,
    subtask,
    worker: workerOf(plan, stage, subtask),
  }));
}

/** The key groups whose state a subtask holds: those it owns, or all of them where every subtask holds the same. */
export function groupsOfState(
  node: OperatorNode,
  subtask: SubtaskIndex,
  parallelism: number,
  keyGroups: number,
): KeyGroupRange {
  return node.state === 'broadcast' ? { first: 0, last: keyGroups - 1 } : ownedGroups(subtask, parallelism, keyGroups);
}
