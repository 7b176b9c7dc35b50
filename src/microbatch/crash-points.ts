/** Places of microbatch mode at which a test may end the process, in the order in which a batch passes them. */
export const MICROBATCH_CRASH_POINTS = [
  /** The range of the batch is durable, none of its work is done. */
  'batch.planned',
  /** In a thread of the pool: the subtask is there, it has read nothing of the batch. */
  'task.begun',
  /** Its input is processed, nothing has left it. */
  'task.processed',
  /** It may write, and has not. */
  'task.claimed',
  /** Its part of the epoch is made, nobody has heard of it. */
  'task.finished',
  /** A barrier: all tasks of a superstep are done. */
  'batch.superstep',
] as const;
