/**
 * A job in a directory of its own, as the rig sees it: how it is started, and what its outputs and its checkpoint must be at
 * any moment at which it does not run.
 */
import type { JobProcess } from './job-process.ts';
import type { StartPlan } from './start-plan.ts';
import type { Complain } from './violations.ts';

export interface JobUnderTest {
  readonly name: string;
  /** Absolute; removed by {@link remove}. */
  readonly directory: string;
  readonly stateDirectory: string;
  start(plan: StartPlan, environment?: Readonly<Record<string, string>>): JobProcess;
  /**
   * Compares everything that is committed with what the input up to the committed offsets demands: state, tables, dead
   * letters, counts, and the output files, which may be behind by no more than the latest epoch.
   */
  checkCut(complain: Complain): Promise<void>;
  /** The same for a job that has completed: all of the input, and nothing left over. */
  checkComplete(complain: Complain): Promise<void>;
  /** How often user code has misbehaved. */
  faultsHappened(): number;
  remove(): void;
}
