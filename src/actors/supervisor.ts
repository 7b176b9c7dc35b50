/**
 * The memory around {@link decideSupervision}: one per job. It decides and remembers; restarting is its owner's part.
 */
import type { Clock, Epoch, ErrorReport } from '../model/index.ts';
import { decideSupervision, recordRestart, type SupervisionDecision, type SupervisionHistory } from './supervision.ts';
import { SUPERVISION_POLICY, type SupervisionPolicy } from './supervision-policy.ts';

export interface SupervisorOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). `Math.random` in the product, seeded in tests (I7). */
  readonly random: () => number;
  readonly policy?: Partial<SupervisionPolicy> | undefined;
}

export class Supervisor {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #policy: SupervisionPolicy;
  #history: SupervisionHistory = [];
  #restarts = 0;

  constructor(options: SupervisorOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#policy = { ...SUPERVISION_POLICY, ...options.policy };
  }

  /** Restarts decided so far, in all. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Call once for each generation that failed, with the failure that ended it and the newest epoch committed until then. */
  judge(report: ErrorReport, committedEpoch: Epoch): SupervisionDecision {
    const failure = { report, committedEpoch, now: this.#clock.monotonic() };
    const decision = decideSupervision(failure, this.#history, this.#policy, this.#random());
    if (decision.kind === 'restart') {
      this.#history = recordRestart(this.#history, failure, decision.delayMs, this.#policy);
      this.#restarts++;
    }
    return decision;
  }
}
