/**
 * Where tasks run: a Piscina pool of threads in the product, the calling thread in tests. Runs what it is given and decides
 * nothing: who tries what where, and how often, is decided by the stage runner.
 */
import type { PoolThread, TaskRequest, TaskResult } from './task.ts';

/** Where a task should run. Neither is a promise: a pool of one thread has no choice, and a thread may be gone. */
export interface TaskPlacement {
  /** The thread that has the state of the subtask in memory. */
  readonly preferred: PoolThread | undefined;
  /** Threads on which it failed, or runs already. */
  readonly avoided: ReadonlySet<PoolThread>;
}

export interface PoolAnswer {
  readonly result: TaskResult;
  /** `undefined`: it never began. */
  readonly thread: PoolThread | undefined;
  /** From its begin on the thread to its end, ms. */
  readonly durationMs: number;
}

export interface RunningTask {
  /** Settles once and never rejects: a task whose thread is lost has failed, with a `WorkerLostError`. */
  readonly answer: Promise<PoolAnswer>;
  /** When it began on a thread (it may wait for one); never where it does not. */
  readonly begun: Promise<PoolThread>;
  /** Ends it at once, together with its thread, which is replaced. For a task that hangs. Idempotent. */
  kill(): void;
}

export interface TaskPool {
  run(request: TaskRequest, placement: TaskPlacement): RunningTask;
  /** Threads without a task, at most as many as there may be: whether a second attempt would cost nobody anything. */
  idleThreads(): number;
  /** Ends all threads, whatever they do; resolves when they are gone (I10). Idempotent. */
  close(): Promise<void>;
}
