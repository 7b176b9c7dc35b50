/**
 * Which records an operator in event time takes, and where the others go: to the output for late records, as they are, and counted. Never
 * dropped in silence.
 */
import type { Emitter, OperatorContext, OutputIndex, StreamRecord } from '../model/index.ts';

/** Index of the output for late records, where it is declared second. */
export const LATE_OUTPUT_INDEX: OutputIndex = 1;

/** True for a record above the watermark (equality is late) whose time is a finite number. Any other has gone to the late output. */
export function admitInTime(record: StreamRecord, context: OperatorContext, out: Emitter): boolean {
  const { timestamp } = record;
  if (timestamp > context.time.watermark() && timestamp < Number.POSITIVE_INFINITY) return true;
  refuseLate(record, context, out);
  return false;
}

export function refuseLate(record: StreamRecord, context: OperatorContext, out: Emitter): void {
  context.countLate();
  out.emitTo(LATE_OUTPUT_INDEX, record);
}
