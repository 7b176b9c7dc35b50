/**
 * Runs the subtasks of one worker thread, cooperatively: one step of one steppable after the other, round robin, each with
 * a budget of records.
 *
 * ```
 *   step, step, ... ── somebody made progress ──> go on
 *        │ nobody did, all the way round
 *        ├── nothing asynchronous pending ──> park (until a ring, the earliest wakeAt, or the longest sleep)
 *        └── something asynchronous pending ─> event loop; after a while alternately with naps that grow
 *   control signal, or eventLoopEveryMs since the last time ──> one turn of the event loop
 * ```
 * It does not know what a subtask is, and it owns no thread, port or timer. Invariants: `step` is never re-entered; after a
 * throw nothing is stepped any more and the failure is reported once; every steppable is closed exactly once.
 */
import {
  assert,
  type Clock,
  type DurationMs,
  type ErrorReport,
  type HeartbeatWriter,
  type MonotonicMs,
  type Parker,
  type Steppable,
  toReport,
} from '../model/index.ts';

export interface WorkerLoopOptions {
  readonly steppables: readonly Steppable[];
  readonly parker: Parker;
  readonly heartbeat: HeartbeatWriter;
  readonly clock: Clock;
  /** Whether this thread waits for a promise, I/O or a control call: something that only the event loop can finish. */
  readonly isAsyncPending: () => boolean;
  /** A step threw. Called once; the loop has stopped. The place names the steppable. */
  readonly onFailure: (report: ErrorReport) => void;
  /** Calls back after one turn of the event loop. Default `setImmediate`. */
  readonly yieldToEventLoop?: ((callback: () => void) => void) | undefined;
  readonly limits?: Partial<WorkerLoopLimits> | undefined;
}

export interface WorkerLoopLimits {
  /** Records a step may take: a few hundred microseconds of usual work, so that neighbours wait no longer than that. */
  readonly stepBudget: number;
  /** Longest sleep without a ring. Bounds what timers, rejections and stdout of an idle worker wait. */
  readonly parkMaxMs: DurationMs;
  /** A busy loop visits the event loop this often. */
  readonly eventLoopEveryMs: DurationMs;
  /** A step that takes longer is counted in {@link WorkerLoopStats.slowSteps}. */
  readonly slowStepMs: DurationMs;
  /** With asynchronous work pending: idle this long before the first nap. Local I/O is usually done by then. */
  readonly asyncSpinMs: DurationMs;
  /** With asynchronous work pending: longest nap between two turns of the event loop. A ring ends a nap at once. */
  readonly asyncNapMaxMs: DurationMs;
}

export const WORKER_LOOP_LIMITS: WorkerLoopLimits = Object.freeze({
  stepBudget: 256,
  parkMaxMs: 50,
  eventLoopEveryMs: 10,
  slowStepMs: 5,
  asyncSpinMs: 2,
  asyncNapMaxMs: 1,
});

/** A nap lasts at most this part of the idleness so far: what is asynchronous is noticed late by an eighth at most. */
const NAP_FRACTION = 1 / 8;

/** `finished`: every steppable said `done`. `failed`: a step threw. Both still wait for {@link WorkerLoop.stop}. */
export type WorkerLoopStatus = 'created' | 'running' | 'finished' | 'failed' | 'stopped';

export interface WorkerLoopStats {
  readonly steps: number;
  readonly slowSteps: number;
  readonly parks: number;
  readonly eventLoopTurns: number;
}

export class WorkerLoop {
  readonly #steppables: readonly Steppable[];
  readonly #parker: Parker;
  readonly #heartbeat: HeartbeatWriter;
  readonly #clock: Clock;
  readonly #isAsyncPending: () => boolean;
  readonly #onFailure: (report: ErrorReport) => void;
  readonly #yieldToEventLoop: (callback: () => void) => void;
  readonly #limits: WorkerLoopLimits;

  /** Those not `done`, in order. `#cursor` is the next to step: it goes on where it was, so that nobody is always first. */
  #active: Steppable[];
  #cursor = 0;
  /** Steps without progress in a row. Whoever was asked since the last progress need not be asked again. */
  #idleSteps = 0;
  /** Earliest `wakeAt` of those that were idle in the current streak. */
  #wakeAt: MonotonicMs = Number.POSITIVE_INFINITY;
  /** Since when nothing but asynchronous work is waited for. */
  #idleSince: MonotonicMs | undefined;

  #status: WorkerLoopStatus = 'created';
  #isTurning = false;
  #isControlSignalled = false;
  #stopping: Promise<readonly ErrorReport[]> | undefined;
  #onTurnEnd: (() => void) | undefined;

  #steps = 0;
  #slowSteps = 0;
  #parks = 0;
  #eventLoopTurns = 0;

  constructor(options: WorkerLoopOptions) {
    this.#steppables = [...options.steppables];
    this.#active = [...options.steppables];
    this.#parker = options.parker;
    this.#heartbeat = options.heartbeat;
    this.#clock = options.clock;
    this.#isAsyncPending = options.isAsyncPending;
    this.#onFailure = options.onFailure;
    this.#yieldToEventLoop = options.yieldToEventLoop ?? ((callback) => void setImmediate(callback));
    this.#limits = { ...WORKER_LOOP_LIMITS, ...options.limits };
    assert(this.#limits.stepBudget > 0, `I8: the step budget must be above 0, not ${this.#limits.stepBudget}`);
  }

  get status(): WorkerLoopStatus {
    return this.#status;
  }

  stats(): WorkerLoopStats {
    return {
      steps: this.#steps,
      slowSteps: this.#slowSteps,
      parks: this.#parks,
      eventLoopTurns: this.#eventLoopTurns,
    };
  }

  /** Begins with the next turn of the event loop. */
  start(): void {
    assert(this.#status === 'created', `a worker loop starts once, this one is ${this.#status}`);
    this.#status = 'running';
    this.#heartbeat.enter('running');
    this.#yieldToEventLoop(this.#turn);
  }

  /**
   * Ends the loop after the step under way, if any, and closes all steppables, the last first. Idempotent; never rejects:
   * resolves to what the closing threw.
   */
  stop(): Promise<readonly ErrorReport[]> {
    this.#stopping ??= new Promise((resolve) => {
      this.#status = 'stopped';
      if (this.#isTurning) this.#onTurnEnd = () => resolve(this.#close());
      else resolve(this.#close());
    });
    return this.#stopping;
  }

  /** From one visit of the event loop to the next. */
  readonly #turn = (): void => {
    if (this.#status !== 'running') return;
    this.#eventLoopTurns++;
    this.#isTurning = true;
    try {
      this.#runUntilDue();
    } finally {
      this.#isTurning = false;
      this.#onTurnEnd?.();
    }
    if (this.#status === 'running') this.#yieldToEventLoop(this.#turn);
  };

  #runUntilDue(): void {
    let now = this.#clock.monotonic();
    const leaveAt = now + this.#limits.eventLoopEveryMs;
    if (this.#active.length === 0) this.#finish();
    while (this.#status === 'running') {
      now = this.#step(now);
      if (this.#isDue(now, leaveAt)) return;
      if (this.#idleSteps < this.#active.length) continue;
      if (!this.#rest(now)) return;
      now = this.#clock.monotonic();
      if (this.#isDue(now, leaveAt)) return;
    }
  }

  /** Whether the event loop comes next. */
  #isDue(now: MonotonicMs, leaveAt: MonotonicMs): boolean {
    return this.#status !== 'running' || this.#takeControlSignal() || now >= leaveAt;
  }

  /** One step of the steppable under the cursor. Returns the time behind it. */
  #step(now: MonotonicMs): MonotonicMs {
    const steppable = this.#active[this.#cursor]!;
    this.#heartbeat.beat();
    this.#steps++;
    try {
      const result = steppable.step(this.#limits.stepBudget);
      switch (result) {
        case 'progress':
          this.#wake();
          break;
        case 'idle':
          this.#idleSteps++;
          this.#wakeAt = Math.min(this.#wakeAt, steppable.wakeAt());
          break;
        case 'blocked':
          // Its consumer rings when there is room; its own wakeAt may have passed long ago.
          this.#idleSteps++;
          break;
        case 'done':
          this.#active.splice(this.#cursor, 1);
          this.#cursor--;
          this.#wake();
          if (this.#active.length === 0) this.#finish();
          break;
      }
    } catch (thrown) {
      this.#fail(steppable, thrown);
      return now;
    }
    this.#cursor = this.#active.length === 0 ? 0 : (this.#cursor + 1) % this.#active.length;
    const end = this.#clock.monotonic();
    if (end - now > this.#limits.slowStepMs) this.#slowSteps++;
    return end;
  }

  #wake(): void {
    this.#idleSteps = 0;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#idleSince = undefined;
  }

  /** Nobody can go on. True when it slept and the loop goes round again; false when the event loop is due. */
  #rest(now: MonotonicMs): boolean {
    const due = this.#wakeAt - now;
    this.#idleSteps = 0;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    if (!this.#isAsyncPending()) {
      this.#idleSince = undefined;
      this.#park(Math.min(due, this.#limits.parkMaxMs));
      return true;
    }
    this.#idleSince ??= now;
    // A promise settles only in the event loop, so a wait in Atomics could be for ever. Polling the event loop all the
    // time costs a core, however: beyond the spin it takes turns with naps, short beside the wait so far.
    const idleMs = now - this.#idleSince;
    if (idleMs > this.#limits.asyncSpinMs) {
      this.#park(Math.min(due, this.#limits.asyncNapMaxMs, idleMs * NAP_FRACTION));
    }
    return false;
  }

  #park(timeoutMs: DurationMs): void {
    if (timeoutMs <= 0) return;
    this.#parks++;
    this.#heartbeat.enter('parked');
    this.#parker.park(timeoutMs, this.#hasWork);
    this.#heartbeat.enter('running');
  }

  /** Asked by the parker once it has announced the sleep. */
  readonly #hasWork = (): boolean => {
    this.#isControlSignalled ||= this.#parker.takeControlSignal();
    if (this.#isControlSignalled) return true;
    const active = this.#active;
    for (let i = 0; i < active.length; i++) if (active[i]!.hasInput?.() === true) return true;
    return false;
  };

  #takeControlSignal(): boolean {
    const isSignalled = this.#isControlSignalled || this.#parker.takeControlSignal();
    this.#isControlSignalled = false;
    return isSignalled;
  }

  #finish(): void {
    if (this.#status === 'running') this.#status = 'finished';
    // Parked, not stopped, and no longer stepping: the thread belongs to its event loop, and idle is not hung.
    this.#heartbeat.enter('parked');
  }

  #fail(steppable: Steppable, thrown: unknown): void {
    if (this.#status === 'running') this.#status = 'failed';
    this.#heartbeat.enter('stopped');
    this.#onFailure(toReport(thrown, { subtask: steppable.name }));
  }

  #close(): readonly ErrorReport[] {
    this.#heartbeat.enter('stopped');
    const reports: ErrorReport[] = [];
    for (const steppable of [...this.#steppables].reverse()) {
      try {
        steppable.close();
      } catch (thrown) {
        reports.push(toReport(thrown, { subtask: steppable.name }));
      }
    }
    return reports;
  }
}
