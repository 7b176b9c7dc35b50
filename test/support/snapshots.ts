import { type SubtaskSnapshot, TIME_UNSET } from '../../src/model/index.ts';

/** A snapshot with nothing in it but what a test says. */
export function snapshotOf(
  part: Partial<SubtaskSnapshot> & Pick<SubtaskSnapshot, 'subtask' | 'epoch'>,
): SubtaskSnapshot {
  return {
    generation: 1,
    offsets: {},
    deltas: [],
    outputs: [],
    deadLetters: [],
    counts: { recordsRead: 0, recordsWritten: 0, recordsSkipped: 0, deadLetters: 0 },
    time: {
      watermark: TIME_UNSET,
      splits: {},
      nextEventTimer: Number.POSITIVE_INFINITY,
      nextProcessingTimer: Number.POSITIVE_INFINITY,
      now: 0,
      late: {},
    },
    ...part,
  };
}
