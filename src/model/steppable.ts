import type { MonotonicMs } from './time.ts';

/**
 * `progress`: did something, call again. `idle`: nothing to do now. `blocked`: an output is full, nothing is read until it
 * drains. `done`: never needs to be called again.
 */
export type StepResult = 'progress' | 'idle' | 'blocked' | 'done';

/**
 * What a loop runs: the worker loop, the test driver and the simulator alike (Timely's `schedule`, Jet's tasklets).
 * `step` never awaits and does a bounded amount of work.
 */
export interface Steppable {
  readonly name: string;
  /** Takes at most about `budget` records. A throw ends the generation. */
  step(budget: number): StepResult;
  /** When an idle steppable wants to be called again though nobody rings; `Infinity` when only new input matters. */
  wakeAt(): MonotonicMs;
  close(): void;
}
