/**
 * Where the workers of a generation live: threads in the product, the calling thread in tests. The engine does not know.
 *
 * They come up in two steps. Prepared, they have loaded the job and built the plan, which takes long and needs nothing of a
 * generation: it can happen while the one before still runs. Deployed, they have their subtasks, which is quick. Prepared workers
 * serve one generation and no other (I10).
 */
import type { Deployment, WorkerEvents } from '../execution/deployment.ts';
import type { JobOptions } from '../execution/options.ts';
import type { Epoch, ErrorReport, Marker, NodeId } from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';

/** One worker, ready to run. Commands reject with `WorkerLostError` when it is gone. */
export interface WorkerLink {
  run(): Promise<void>;
  beginEpoch(marker: Marker): Promise<void>;
  epochCommitted(epoch: Epoch, foldedThrough: Epoch, heldBack: readonly NodeId[]): Promise<void>;
  /** Asks to stop, then makes sure: when it resolves the worker can do nothing more. Never rejects. */
  end(): Promise<void>;
  /** Settles when the worker is gone without having been asked. */
  readonly lost: Promise<ErrorReport>;
}

/** The workers of a generation that has not begun. */
export interface PreparedWorkers {
  /** Settles when all of them have loaded the job and built this plan (I9); rejects, with nothing left behind, when one cannot. */
  readonly ready: Promise<void>;
  /**
   * Has each build its subtasks; one deployment a worker. Once, and not behind {@link close}. Waits for {@link ready}. Rejects, with
   * nothing left behind, when one of them cannot, or is gone by now.
   */
  deploy(deployments: readonly Deployment[], events: WorkerEvents): Promise<readonly WorkerLink[]>;
  /** Ends workers that were not deployed, also while they come up; else does nothing. Idempotent, never rejects. */
  close(): Promise<void>;
}

export interface WorkerHosting {
  /** Begins to bring up the workers of one generation to come. */
  prepare(plan: PhysicalPlan, options: JobOptions): PreparedWorkers;
}
