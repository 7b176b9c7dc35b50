/**
 * Where the workers of a generation live: threads in the product, the calling thread in tests. The engine does not know.
 */
import type { Deployment, WorkerEvents } from '../execution/deployment.ts';
import type { Epoch, ErrorReport, Marker } from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';

/** One worker, ready to run. Commands reject with `WorkerLostError` when it is gone. */
export interface WorkerLink {
  run(): Promise<void>;
  beginEpoch(marker: Marker): Promise<void>;
  epochCommitted(epoch: Epoch, foldedThrough: Epoch): Promise<void>;
  /** Asks to stop, then makes sure: when it resolves the worker can do nothing more. Never rejects. */
  end(): Promise<void>;
  /** Settles when the worker is gone without having been asked. */
  readonly lost: Promise<ErrorReport>;
}

export interface WorkerHosting {
  /** Brings up all workers of a generation; rejects, with nothing left behind, when one of them cannot. */
  bringUp(plan: PhysicalPlan, deployments: readonly Deployment[], events: WorkerEvents): Promise<readonly WorkerLink[]>;
}
