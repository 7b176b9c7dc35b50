/**
 * The bulk synchronous parallel engine on the driver thread: batches of bounded input, stage by stage on a pool of threads.
 *
 * Owns the pool prepared for the next generation, and what the trigger remembers of the run. A generation is a
 * `BatchGeneration`.
 */
import type { Engine, GenerationContext, GenerationRun } from '../execution/engine.ts';
import type { JobOptions } from '../execution/options.ts';
import { assert } from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import { BatchGeneration } from './batch-generation.ts';
import { beginTrigger, type TriggerState } from './decide-trigger.ts';
import type { RateEstimator } from './rate-estimator.ts';
import type { TaskPool } from './task-pool.ts';
import type { TaskPoolHosting } from './task-pool-hosting.ts';

/** Outlives generations: a job that reads what is there at its start means the start of the run, and its rate is known from then on. */
export interface TriggerMemory {
  state: TriggerState;
  rate: RateEstimator | undefined;
}

export class MicrobatchEngine implements Engine {
  readonly mode = 'microbatch';
  readonly #hosting: TaskPoolHosting;
  readonly #trigger: TriggerMemory = { state: beginTrigger(), rate: undefined };
  #prepared: { readonly plan: PhysicalPlan; readonly pool: Promise<TaskPool> } | undefined;

  constructor(hosting: TaskPoolHosting) {
    this.#hosting = hosting;
  }

  async prepare(plan: PhysicalPlan, options: JobOptions): Promise<void> {
    this.#prepared ??= { plan, pool: this.#hosting.open(plan, options) };
    const prepared = this.#prepared;
    assert(prepared.plan === plan, 'I9: a pool is prepared for another plan');
    try {
      await prepared.pool;
    } catch (thrown) {
      if (this.#prepared === prepared) this.#prepared = undefined;
      throw thrown;
    }
  }

  async start(context: GenerationContext): Promise<GenerationRun> {
    const { plan, options } = context;
    const prepared = this.#prepared ?? { plan, pool: this.#hosting.open(plan, options) };
    assert(prepared.plan === plan, 'I9: a pool is prepared for another plan');
    this.#prepared = undefined;
    const pool = await prepared.pool;
    try {
      return new BatchGeneration(context, pool, this.#trigger);
    } catch (thrown) {
      await pool.close();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    const pool = await prepared?.pool.catch(() => undefined);
    await pool?.close();
  }
}
