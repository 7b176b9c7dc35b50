/**
 * Lifecycles as data: which state may follow which is a table, and one mutator moves along it.
 *
 * It holds no behaviour: whoever owns the thing calls {@link Lifecycle.enter} and the observers hear of it. An illegal move
 * is a bug and fails an assertion.
 */
import { assert } from '../model/index.ts';

/** For each state, the states that may follow it. A state without successors is final. */
export type Successors<State extends string> = { readonly [S in State]: readonly State[] };

/**
 * ```
 *                ┌──────────────────────┐
 *                │                      v
 * created ─> starting ─> prepared ─> running ─> stopping ─> stopped
 *                └───────────┴──────────┴─────> lost
 * ```
 * `prepared`: it has loaded everything and waits to be told what to do; one that knows from the start leaves it out. A worker
 * asked to stop before it runs goes to `stopping` too. `lost`: the thread ended and nobody had asked it to.
 */
export type WorkerState = 'created' | 'starting' | 'prepared' | 'running' | 'stopping' | 'stopped' | 'lost';

export const workerSuccessors: Successors<WorkerState> = {
  created: ['starting'],
  starting: ['prepared', 'running', 'stopping', 'lost'],
  prepared: ['running', 'stopping', 'lost'],
  running: ['stopping', 'lost'],
  stopping: ['stopped'],
  stopped: [],
  lost: [],
};

/**
 * ```
 *                  ┌── switching <─┐
 *                  │ ┌─ restarting <┴───────┐
 *                  v v           ^          │
 * created ─> starting ─> running ─> draining
 *                              └───────┴────> completed | failed | closed
 * ```
 * `restarting`: a generation has failed and the next waits for its backoff. `switching`: a generation has ended behind its last
 * epoch, and the next begins in the other mode. `completed`: the final epoch is committed, by the
 * end of all sources or by a drain. `closed`: the owner stopped the job without a final epoch.
 */
export type JobState =
  | 'created'
  | 'starting'
  | 'running'
  | 'restarting'
  | 'switching'
  | 'draining'
  | 'completed'
  | 'failed'
  | 'closed';

export const jobSuccessors: Successors<JobState> = {
  created: ['starting', 'failed', 'closed'],
  starting: ['running', 'restarting', 'completed', 'failed', 'closed'],
  running: ['restarting', 'switching', 'draining', 'completed', 'failed', 'closed'],
  restarting: ['starting', 'failed', 'closed'],
  switching: ['starting', 'failed', 'closed'],
  draining: ['restarting', 'completed', 'failed', 'closed'],
  completed: [],
  failed: [],
  closed: [],
};

export class Lifecycle<State extends string> {
  readonly #name: string;
  readonly #successors: Successors<State>;
  readonly #observers: Set<(state: State, previous: State) => void> = new Set();
  #state: State;

  /** `name` says whose lifecycle it is, in assertions: `worker 1`. */
  constructor(name: string, successors: Successors<State>, initial: State) {
    this.#name = name;
    this.#successors = successors;
    this.#state = initial;
  }

  get state(): State {
    return this.#state;
  }

  get isFinal(): boolean {
    return this.#successors[this.#state].length === 0;
  }

  canEnter(next: State): boolean {
    return this.#successors[this.#state].includes(next);
  }

  /** The one mutator. Observers are called in order of registration, when the state has changed. */
  enter(next: State): void {
    const previous = this.#state;
    assert(
      this.canEnter(next),
      `${this.#name} cannot go from ${previous} to ${next}; it may go to ${this.#successors[previous].join(', ') || 'nothing'}`,
    );
    this.#state = next;
    for (const observe of [...this.#observers]) observe(next, previous);
  }

  /** Returns the function that ends the observation. */
  observe(observer: (state: State, previous: State) => void): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }
}
