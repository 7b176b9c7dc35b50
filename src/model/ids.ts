/**
 * Names of the things a job is made of. Plain strings and numbers, because they travel between threads, into LMDB keys
 * and into manifests; the aliases say which one is meant.
 */

/** Stable name of a node of the plan (source, operator or sink). State, offsets and tokens are filed under it. */
export type NodeId = string;

/** Position of a stage in the physical plan, from 0. */
export type StageIndex = number;

/** Position of a subtask inside its stage, 0 .. parallelism - 1. */
export type SubtaskIndex = number;

/** `"<stage>.<subtask>"`: names one subtask of one run, in acks, metrics and error reports. */
export type SubtaskId = string;

/** Unit of source parallelism: a file, a partition, an interleaved part of a generator. Stable across restarts. */
export type SplitId = string;

/** Number of a worker thread, from 0. */
export type WorkerIndex = number;

/** Number of an epoch, from 1, without gaps (I2). 0 means "before the first epoch". */
export type Epoch = number;

/** One run between two restarts. Grows for ever, durably (I10). */
export type Generation = number;

export function subtaskId(stage: StageIndex, subtask: SubtaskIndex): SubtaskId {
  return `${stage}.${subtask}`;
}
