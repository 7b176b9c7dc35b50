/** Where pools come from: threads in the product, the calling thread in tests. */
import type { JobOptions } from '../execution/options.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { TaskPool } from './task-pool.ts';

export interface TaskPoolHosting {
  /**
   * Brings up a pool for one generation whose threads have loaded the job and built this plan (I9); nothing of the generation needs to
   * be known yet. Rejects, with nothing left behind, when a thread cannot.
   */
  open(plan: PhysicalPlan, options: JobOptions): Promise<TaskPool>;
}
