/** The time of a batch at each of its stages: from its sources on, exchange by exchange. Pure. */
import { INPUT_UNSET, mergeTimes, watermarkOf } from '../execution/merge-times.ts';
import {
  type BatchPlan,
  type CheckpointTime,
  type InputTime,
  TIME_UNSET,
  type WatermarkPolicy,
} from '../model/index.ts';
import type { ExchangeIndex, Stage } from '../plan/physical-plan.ts';
import type { TaskOutput, TaskTime } from './task.ts';

/** By exchange: the watermarks behind what its producer subtasks have written. */
export type ExchangeTimes = ReadonlyMap<ExchangeIndex, readonly InputTime[]>;

export interface TimeOfBatch {
  readonly batch: BatchPlan;
  readonly lastTime: CheckpointTime | undefined;
  readonly times: ExchangeTimes;
  readonly policy: WatermarkPolicy;
}

export function deriveStageTime(stage: Stage, { batch, lastTime, times, policy }: TimeOfBatch): TaskTime {
  const head = stage.chain[0]!.node;
  const before = lastTime?.stages[head.id] ?? TIME_UNSET;
  const input =
    head.role === 'source'
      ? (batch.watermarks[head.id] ?? INPUT_UNSET)
      : mergeTimes(
          stage.inputs.map((exchange) => mergeTimes(times.get(exchange) ?? [INPUT_UNSET], 'min')),
          policy,
        );
  return { before, after: Math.max(before, watermarkOf(input)), isIdle: input.isIdle, now: batch.plannedAt };
}

/** Adds what the tasks of a superstep say. */
export function collectTimes(times: Map<ExchangeIndex, InputTime[]>, outputs: readonly TaskOutput[]): void {
  for (const { exchanges, watermarks } of outputs) {
    for (const { exchange } of exchanges) {
      const said = watermarks.find((watermark) => watermark.exchange === exchange);
      times.set(exchange, [...(times.get(exchange) ?? []), said?.time ?? INPUT_UNSET]);
    }
  }
}
