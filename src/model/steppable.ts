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
  /**
   * Whether a step would find something to do now: input to take and room for what it makes. Asked once more after the loop
   * has announced that it goes to sleep, so that nothing which arrives in between is slept through; cheap, changes nothing.
   * A steppable without it, or one that says false, is woken by the doorbell, by {@link wakeAt} or after the longest sleep.
   */
  hasInput?(): boolean;
  close(): void;
}
