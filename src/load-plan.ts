/**
 * The plan of a job in a thread that is not the driver's: built anew from the same reference, because functions never cross
 * threads, and refused when it is not the driver's (I9).
 */
import type { JobReference } from './config/job-reference.ts';
import { loadJob } from './config/load-job.ts';
import type { JobOptions } from './execution/options.ts';
import { PlanError } from './model/index.ts';
import { compile, type PhysicalPlan } from './plan/index.ts';

/**
 * `options` and `fingerprint` are those of the driver. Throws `PlanError` when the job builds another plan here, and what
 * `loadJob` throws.
 */
export async function loadPlan(
  reference: JobReference,
  options: JobOptions,
  fingerprint: string,
): Promise<PhysicalPlan> {
  const { definition } = await loadJob(reference);
  const plan = compile(definition.build(), options);
  if (plan.fingerprint === fingerprint) return plan;
  throw new PlanError(
    `job ${plan.job} builds another plan in another thread: names and shapes in a job must not depend on time, chance, thread or environment`,
  );
}
