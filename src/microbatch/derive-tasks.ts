/**
 * The tasks of one superstep: what each subtask of its stages reads. Pure.
 */
import { deriveOrigins } from '../execution/input-origin.ts';
import {
  assert,
  type BatchPlan,
  type CheckpointTime,
  type Epoch,
  type NodeId,
  type Offset,
  type SourceOffsets,
  type SplitId,
  type SplitRange,
  type StageIndex,
  type SubtaskIndex,
  type SurveyHint,
  TIME_UNSET,
  type TimestampMs,
} from '../model/index.ts';
import type { ExchangeIndex, PhysicalPlan, Stage } from '../plan/physical-plan.ts';
import { deriveStageTime } from './derive-stage-time.ts';
import type { ExchangedRecords } from './exchanged-records.ts';
import { deriveShuffle } from './shuffle-layout.ts';
import type { SplitInput, TaskDeployment, TaskInput, TaskWork } from './task.ts';

/** A task before its runner knows where the state of its subtask is. */
export type PlannedTask = Omit<TaskWork, 'continues'>;

/** What all tasks of one batch have in common. */
export interface BatchWork {
  readonly plan: PhysicalPlan;
  readonly deployment: TaskDeployment;
  readonly batch: BatchPlan;
  /** Where the last epoch ended. */
  readonly from: SourceOffsets;
  /** Per source, per source subtask. */
  readonly splits: Readonly<Record<NodeId, readonly (readonly SplitId[])[]>>;
  readonly foldedThrough: Epoch;
  /** Where the last epoch left time. */
  readonly lastTime: CheckpointTime | undefined;
  hintOf(node: NodeId): SurveyHint | undefined;
}

export function deriveTasks(
  work: BatchWork,
  stages: readonly StageIndex[],
  exchanged: Pick<ExchangedRecords, 'writtenTo' | 'timesOf'>,
): readonly PlannedTask[] {
  const { plan, deployment, batch, foldedThrough } = work;
  const origins = deriveOrigins(plan);
  return stages.flatMap((index) => {
    const stage = plan.stages[index]!;
    const time = deriveStageTime(stage, {
      batch,
      lastTime: work.lastTime,
      exchanged,
      policy: deployment.options.watermark.policy,
      origins: stage.inputs.map((exchange) => origins[plan.exchanges[exchange]!.from]!),
    });
    return Array.from({ length: stage.parallelism }, (_, subtask) => ({
      deployment,
      stage: index,
      subtask,
      epoch: batch.epoch,
      isFinal: batch.isLast,
      foldedThrough,
      time,
      input: inputOf(work, stage, subtask, exchanged),
    }));
  });
}

function inputOf(
  work: BatchWork,
  stage: Stage,
  subtask: SubtaskIndex,
  exchanged: Pick<ExchangedRecords, 'writtenTo'>,
): TaskInput {
  const head = stage.chain[0]!.node;
  if (head.role === 'source') {
    return {
      kind: 'ranges',
      node: head.id,
      splits: splitsOf(work, head.id, subtask),
      hint: work.hintOf(head.id),
    };
  }
  return {
    kind: 'blocks',
    // A table that is joined comes before the records that are looked up in it.
    exchanges: stage.inputs
      .toSorted((a, b) => inputOrder(work.plan, a) - inputOrder(work.plan, b))
      .map((exchange) => {
        const outputs = exchanged.writtenTo(exchange);
        assert(outputs !== undefined, `stage ${stage.name} runs before exchange ${exchange} is written`);
        const { producersOf } = deriveShuffle(work.plan, work.plan.exchanges[exchange]!);
        return { exchange, parts: producersOf(subtask).map((producer) => outputs[producer]!) };
      }),
  };
}

function inputOrder({ exchanges }: PhysicalPlan, exchange: ExchangeIndex): number {
  return exchanges[exchange]!.input === 1 ? 0 : 1;
}

/** Split names are data, `__proto__` included: looked up in maps. */
function splitsOf(work: BatchWork, node: NodeId, subtask: SubtaskIndex): readonly SplitInput[] {
  const ranges = new Map<SplitId, SplitRange>(Object.entries(work.batch.ranges[node] ?? {}));
  const offsets = new Map<SplitId, Offset>(Object.entries(work.from[node] ?? {}));
  const seen = new Map<SplitId, TimestampMs>(Object.entries(work.lastTime?.splits[node] ?? {}));
  return (work.splits[node]?.[subtask] ?? []).flatMap((split): readonly SplitInput[] => {
    const range = ranges.get(split);
    return range === undefined ? [] : [{ split, from: offsets.get(split), range, seen: seen.get(split) ?? TIME_UNSET }];
  });
}
