import type { JobReference } from './config/index.ts';

/** From what a worker rebuilds the job. Plain data. */
export interface WorkerJob {
  readonly reference: JobReference;
  /** The LMDB environment, opened read-only. */
  readonly dataPath: string;
}
