/**
 * What one evaluation carries besides the record: variables of macros, the cost left, a source of randomness.
 *
 * Not a scope: an expression sees the record, its own macro variables and the declared functions, and nothing else (S12).
 */

/** Steps one evaluation may take: about 10 ms. Reaching it is an error, never a longer turn (I8). */
export const EVALUATION_COST_MAX: number = 1_000_000;

/** A failure that something else makes irrelevant costs microseconds for its stack: bounded like everything else. */
const STEPS_PER_FAILURE = 1000;

/** Characters per step for everything that copies or scans text. */
const CHARACTERS_PER_STEP = 16;

export class Evaluation {
  /** Macro variables by nesting depth. */
  readonly slots: unknown[] = [];
  /** Uniform in [0, 1). Present only where the context declares random functions. */
  random: (() => number) | undefined;
  #costLeft: number = EVALUATION_COST_MAX;

  /** Must be called before each evaluation: one object serves all of them, because they never overlap. */
  reset(): void {
    this.#costLeft = EVALUATION_COST_MAX;
  }

  charge(steps: number): void {
    this.#costLeft -= steps;
    if (this.#costLeft < 0) {
      throw new ExpressionFailure(`it takes more than ${EVALUATION_COST_MAX} steps for one record`);
    }
  }

  /** For a failure that is caught: passes anything else on. */
  absorb(error: unknown): ExpressionFailure {
    if (!(error instanceof ExpressionFailure)) throw error;
    this.charge(STEPS_PER_FAILURE);
    return error;
  }

  chargeText(characters: number): void {
    this.charge(1 + characters / CHARACTERS_PER_STEP);
  }
}

/** An evaluation that cannot yield a value. `&&` and `||` may absorb it, as CEL says; what is left becomes an `OperatorError`. */
export class ExpressionFailure extends Error {}

/** One compiled piece of an expression. */
export type Evaluate = (subject: unknown, evaluation: Evaluation) => unknown;
