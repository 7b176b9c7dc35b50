/** The time of a batch at each of its stages: from its sources on, exchange by exchange. Pure. */
import { type InputOrigin, mergeInputs } from '../execution/input-origin.ts';
import { INPUT_UNSET, watermarkOf } from '../execution/merge-times.ts';
import { type BatchPlan, type CheckpointTime, TIME_UNSET, type WatermarkPolicy } from '../model/index.ts';
import type { Stage } from '../plan/physical-plan.ts';
import type { ExchangedRecords } from './exchanged-records.ts';
import type { TaskTime } from './task.ts';

export interface TimeOfBatch {
  readonly batch: BatchPlan;
  readonly lastTime: CheckpointTime | undefined;
  readonly exchanged: Pick<ExchangedRecords, 'timesOf'>;
  readonly policy: WatermarkPolicy;
  /** Of the inputs of the stage. */
  readonly origins: readonly InputOrigin[];
}

export function deriveStageTime(stage: Stage, { batch, lastTime, exchanged, policy, origins }: TimeOfBatch): TaskTime {
  const head = stage.chain[0]!.node;
  const before = lastTime?.stages[head.id] ?? TIME_UNSET;
  const input =
    head.role === 'source'
      ? (batch.watermarks[head.id] ?? INPUT_UNSET)
      : mergeInputs(
          stage.inputs.map((exchange) => exchanged.timesOf(exchange)),
          origins,
          policy,
        );
  return { before, after: Math.max(before, watermarkOf(input)), isIdle: input.isIdle, now: batch.plannedAt };
}
