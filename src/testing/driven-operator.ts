/**
 * One operator outside of any engine: opened, fed, its timers fired, its watermarks passed on, its state snapshotted and restored, under
 * a clock that stands still until it is moved. In the order an engine keeps:
 *
 *   call -> timers due behind it;  watermark -> event timers up to it, ascending -> `onWatermark` -> passed on
 *
 * What it emits goes to `onEmit` at once, by reference. Knows neither plan nor epochs: what runs around an operator is tested by whole jobs.
 */
import {
  assert,
  type Emitter,
  END_OF_TIME,
  type Key,
  type KeyedState,
  type KeyGroupRange,
  keysOfGroups,
  type Operator,
  type OperatorContext,
  type OutputIndex,
  type StateAccess,
  type StateDelta,
  type StateTtl,
  type StateUse,
  type StreamRecord,
  TIME_UNSET,
  type TimestampMs,
} from '../model/index.ts';
import { DELTA_STATE_KEY_GROUPS, openDeltaState } from './delta-state.ts';
import { HarnessError } from './harness-error.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { type DeclaredState, type PendingTimer, readContent, type StateContent, takeTimers } from './state-content.ts';

const NODE = 'operator';

const ALL_GROUPS: KeyGroupRange = { first: 0, last: DELTA_STATE_KEY_GROUPS - 1 };

/** Timers that one step may fire: an operator that sets them anew at the end of time, for ever, would hang. */
const TIMERS_MAX = 1_000_000;

/** Entries removed in one go. */
const EXPIRED_SLICE = 1_000;

export interface DrivenOperatorOptions {
  /** A new instance, as for a subtask. */
  readonly create: () => Operator;
  readonly state: StateUse;
  /** Default 2026-01-01, UTC. */
  readonly startedAt?: TimestampMs | undefined;
  onEmit(output: OutputIndex, record: StreamRecord): void;
  /** The watermark behind the operator has risen. */
  onWatermark?(watermark: TimestampMs): void;
  /** Records counted as late. */
  onLate?(records: number): void;
}

/** What a checkpoint holds of one operator. */
export interface OperatorSnapshot {
  readonly deltas: readonly StateDelta[];
  readonly watermark: TimestampMs;
  readonly passedWatermark: TimestampMs;
}

export class DrivenOperator {
  readonly clock: SimulatedClock;
  readonly #options: DrivenOperatorOptions;
  readonly #out: Emitter;
  readonly #declared = new Map<string, DeclaredState>();
  #operator!: Operator;
  #state: KeyedState | undefined;
  #deltas: readonly StateDelta[] = [];
  #epoch = 0;
  #watermark: TimestampMs = TIME_UNSET;
  #passedWatermark: TimestampMs = TIME_UNSET;
  #ingestTime = 0;

  constructor(options: DrivenOperatorOptions) {
    this.#options = options;
    this.clock = new SimulatedClock(options.startedAt);
    this.#out = {
      emit: (record) => options.onEmit(0, record),
      emitTo: (output, record) => options.onEmit(output, record),
    };
    this.#open();
  }

  /** In force. */
  get watermark(): TimestampMs {
    return this.#watermark;
  }

  /** The operator under way, for what only it can tell. */
  get operator(): Operator {
    return this.#operator;
  }

  process(record: StreamRecord): void {
    this.#enter(record);
    this.#operator.process(record, this.#out);
    this.#fireDueTimers();
  }

  processSecond(record: StreamRecord): void {
    const operator = this.#operator;
    if (operator.processSecond === undefined) throw new HarnessError('the operator has no second input');
    this.#enter(record);
    operator.processSecond(record, this.#out);
    this.#fireDueTimers();
  }

  /** A watermark that is not above the one in force says nothing new. */
  advanceWatermark(to: TimestampMs): void {
    if (Number.isNaN(to)) throw new HarnessError('a watermark is a time, not NaN');
    if (to <= this.#watermark) return;
    this.#watermark = to;
    this.#state?.setNow(this.clock.now());
    this.#fireDueTimers();
    this.#operator.onWatermark?.(to, this.#out);
    this.#fireDueTimers();
    this.flush();
    const { asynchronous } = this.#operator;
    if (asynchronous === undefined) this.#passWatermark(to);
    else asynchronous.holdWatermark(to);
  }

  /** Moves the wall clock on, stopping at every processing-time timer that falls due on the way. */
  advanceTime(byMs: number): void {
    if (!(byMs >= 0)) throw new HarnessError(`time goes on, by 0 ms or more, not by ${byMs}`);
    const until = this.clock.now() + byMs;
    for (;;) {
      const next = Math.min(this.#state?.nextTimerAt('processing') ?? END_OF_TIME, until);
      this.clock.advance(Math.max(0, next - this.clock.now()));
      this.#state?.setNow(this.clock.now());
      this.#ingestTime = this.clock.monotonic();
      this.#fireDueTimers();
      if (this.clock.now() >= until) break;
    }
    while (this.#state?.removeExpired(EXPIRED_SLICE) === true);
  }

  /** Lets promises settle and gives out what has: until a whole turn of the event loop gives out nothing more. */
  async settle(): Promise<void> {
    for (;;) {
      await turnOfEventLoop();
      const { asynchronous } = this.#operator;
      if (asynchronous === undefined || !asynchronous.hasSettled()) return;
      this.#state?.setNow(this.clock.now());
      asynchronous.emitSettled(this.#out, (watermark) => this.#passWatermark(watermark));
    }
  }

  /** As {@link settle}, and moves the clock on (for retries and timeouts) until `isDone`. */
  async settleUntil(isDone: () => boolean): Promise<void> {
    for (;;) {
      await this.settle();
      if (isDone()) return;
      const dueAt = this.clock.nextDueAt();
      if (dueAt === undefined)
        throw new HarnessError('calls are under way that never settle, and nothing is scheduled');
      this.clock.advanceTo(dueAt);
    }
  }

  /** The end of an engine's step: what the operator holds back to emit it in fewer records goes out. */
  flush(): void {
    this.#operator.flush?.(this.#out);
  }

  isFull(): boolean {
    return this.#operator.asynchronous?.isFull() ?? false;
  }

  /** Calls, results and watermarks not given out yet. */
  pending(): number {
    return this.#operator.asynchronous?.pending() ?? 0;
  }

  /** Behind a marker. The operator goes on. */
  snapshot(): OperatorSnapshot {
    this.flush();
    this.#freeze();
    return { deltas: this.#deltas, watermark: this.#watermark, passedWatermark: this.#passedWatermark };
  }

  /** The instance at hand is lost, and a new one goes on from the snapshot. The wall clock does not go back. */
  restore(snapshot: OperatorSnapshot): void {
    this.close();
    this.#deltas = snapshot.deltas;
    this.#watermark = snapshot.watermark;
    this.#passedWatermark = snapshot.passedWatermark;
    this.#open();
    const { asynchronous } = this.#operator;
    // What is behind it begins anew: the operator gives its last watermark out again, then the inputs that were unfinished.
    if (asynchronous !== undefined) {
      this.#passedWatermark = TIME_UNSET;
      asynchronous.holdWatermark(this.#watermark);
    }
    this.#fireDueTimers();
  }

  /** By name of the state; what is empty is absent. As a restored operator would find it. */
  readState(key: Key): Readonly<Record<string, StateContent>> {
    return this.#look((copy) => readContent(copy, this.#declared.values(), key), {});
  }

  /** In the order in which they would fire. As a restored operator would find them. */
  timers(): readonly PendingTimer[] {
    return this.#look(takeTimers, []);
  }

  close(): void {
    this.#operator.close?.();
    this.#state?.close();
  }

  #enter(record: StreamRecord): void {
    this.#ingestTime = record.ingestTime;
    const state = this.#state;
    if (state === undefined) return;
    state.setNow(this.clock.now());
    if (this.#options.state !== 'keyed') return;
    assert(record.key !== undefined, 'the input of a keyed operator has keys');
    state.setCurrentKey(record.key);
  }

  #fireDueTimers(): void {
    const state = this.#state;
    if (state === undefined) return;
    for (let fired = 0; ; fired++) {
      const processingTime = this.#watermark === END_OF_TIME ? END_OF_TIME : this.clock.now();
      const timer = state.takeDueTimer('event', this.#watermark) ?? state.takeDueTimer('processing', processingTime);
      if (timer === undefined) return;
      if (this.#operator.onTimer === undefined) throw new HarnessError('the operator sets timers and has no onTimer');
      if (fired === TIMERS_MAX) {
        throw new HarnessError(`${TIMERS_MAX} timers fired at once, the last at ${timer.at}: each sets another`);
      }
      this.#operator.onTimer(timer, this.#out);
    }
  }

  #passWatermark(watermark: TimestampMs): void {
    const behind = this.#operator.outputWatermark?.(watermark) ?? watermark;
    if (behind > watermark) {
      throw new HarnessError(`the output watermark ${behind} is above the watermark ${watermark} in front of it`);
    }
    if (behind < this.#passedWatermark) {
      throw new HarnessError(`the output watermark falls from ${this.#passedWatermark} to ${behind}`);
    }
    if (behind === this.#passedWatermark) return;
    this.#passedWatermark = behind;
    this.#options.onWatermark?.(behind);
  }

  #freeze(): void {
    const state = this.#state;
    if (state === undefined) return;
    state.freeze(++this.#epoch);
    while (!state.encodeFrozen(Number.POSITIVE_INFINITY));
    const delta = state.takeDelta();
    if (delta !== undefined) this.#deltas = [...this.#deltas, delta];
  }

  /** Into a copy, so that looking changes nothing: neither what time to live begins anew by reading, nor timers. */
  #look<T>(body: (state: KeyedState) => T, nothing: T): T {
    if (this.#state === undefined) return nothing;
    this.#freeze();
    const copy = openDeltaState(NODE, this.#deltas);
    copy.setNow(this.clock.now());
    try {
      return body(copy);
    } finally {
      copy.close();
    }
  }

  #open(): void {
    this.#state = this.#options.state === 'none' ? undefined : openDeltaState(NODE, this.#deltas);
    this.#state?.setNow(this.clock.now());
    this.#operator = this.#options.create();
    this.#operator.open?.(this.#context());
  }

  #context(): OperatorContext {
    const state = this.#state;
    return {
      node: NODE,
      subtask: 0,
      parallelism: 1,
      state: state && this.#noting(state),
      ownKeys: this.#options.state === 'own' ? keysOfGroups(ALL_GROUPS, DELTA_STATE_KEY_GROUPS) : [],
      useKey: (key) => {
        assert(state !== undefined, 'an operator without state has no current key');
        state.setCurrentKey(key);
      },
      time: {
        watermark: () => this.#watermark,
        now: () => this.clock.now(),
        ingestTime: () => this.#ingestTime,
      },
      countLate: (records = 1) => this.#options.onLate?.(records),
      keyGroups: DELTA_STATE_KEY_GROUPS,
      schedule: (delayMs, callback) => this.clock.schedule(delayMs, callback),
      // Whoever drives asks after every turn.
      wake: () => {},
    };
  }

  /** Remembers what is declared, for {@link readState}. */
  #noting(state: KeyedState): StateAccess {
    const note = (name: string, kind: DeclaredState['kind'], ttl: StateTtl | undefined): void => {
      this.#declared.set(name, { name, kind, ttl });
    };
    return {
      value: (name, ttl) => {
        note(name, 'value', ttl);
        return state.value(name, ttl);
      },
      list: (name, ttl) => {
        note(name, 'list', ttl);
        return state.list(name, ttl);
      },
      map: (name, ttl) => {
        note(name, 'map', ttl);
        return state.map(name, ttl);
      },
      timers: (domain) => state.timers(domain),
    };
  }
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
