/** Places of the file sink's commit at which a test may end the process, in the order in which an epoch passes them. */
export const FILE_SINK_CRASH_POINTS = [
  /** On a worker: the marker has arrived, the segment is not complete. */
  'sink.file.prepare.before',
  /** On a worker: the segment is complete, its token not handed over. */
  'sink.file.prepare.after',
  'sink.file.seal.before',
  /** Segments are durable, the epoch is not. */
  'sink.file.seal.after',
  /** The epoch is durable, nothing of it is visible. */
  'sink.file.commit.before',
  /** The target was made (only in the first commit to a file). */
  'sink.file.commit.created',
  /** Between two writes to the target. */
  'sink.file.commit.partial',
  /** All is written, nothing is known to be on disk. */
  'sink.file.commit.written',
  /** The target is durable, the segments are still there. */
  'sink.file.commit.synced',
  'sink.file.commit.after',
  /** The last token is repeated, leftovers are removed. */
  'sink.file.restore.after',
] as const;

export type FileSinkCrashPoint = (typeof FILE_SINK_CRASH_POINTS)[number];
