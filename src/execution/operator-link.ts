/**
 * One operator in its chain: the operator, its state, what is behind it, and how time passes through it.
 *
 * T1. Timers fire in ascending order, all of them up to a watermark before `onWatermark`, and that before the watermark goes on: what the
 *     operator emits because of a watermark is in front of it.
 * T2. Watermarks never fall, neither in front of the operator nor behind it.
 */
import {
  type DueTimer,
  type Emitter,
  END_OF_TIME,
  type KeyedState,
  type MonotonicMs,
  type NodeId,
  type Operator,
  TIME_UNSET,
  type TimeDomain,
  type TimestampMs,
  type Watermark,
} from '../model/index.ts';
import type { ChainClock, LinkTime } from './chain-clock.ts';
import { inNode, placed } from './placed-error.ts';

/** Where watermarks go on to: the next operator of the chain, or out of it. */
export interface TimeTarget {
  /** The watermark has come: all that follows from it is emitted before the call returns. */
  rise(watermark: Watermark): void;
  /** The watermark that a checkpoint was made under is in force again; nothing follows from it. */
  restore(time: TimestampMs): void;
}

export interface OperatorLinkParts {
  readonly node: NodeId;
  readonly operator: Operator;
  readonly state: KeyedState | undefined;
  readonly out: Emitter;
  readonly time: LinkTime;
  readonly clock: ChainClock;
  /** Behind all its outputs. */
  readonly targets: readonly TimeTarget[];
}

/** How many more timers may fire before others get a turn. */
export interface TimerBudget {
  left: number;
  /** Whether an output is full: then the rest waits too. */
  isBlocked(): boolean;
}

export class OperatorLink implements TimeTarget {
  readonly node: NodeId;
  readonly operator: Operator;
  readonly state: KeyedState | undefined;
  readonly out: Emitter;
  /** Since the last snapshot. */
  lateRecords = 0;
  readonly #time: LinkTime;
  readonly #clock: ChainClock;
  readonly #targets: readonly TimeTarget[];
  /** The last watermark that went on. */
  #passed: TimestampMs = TIME_UNSET;
  #isPassedIdle = false;
  /** Whether what is in front of it is idle; behind it only once calls have settled, whose results are still to come. */
  #isInputIdle = false;

  constructor(parts: OperatorLinkParts) {
    this.node = parts.node;
    this.operator = parts.operator;
    this.state = parts.state;
    this.out = parts.out;
    this.#time = parts.time;
    this.#clock = parts.clock;
    this.#targets = parts.targets;
  }

  /** In force here. */
  get watermark(): TimestampMs {
    return this.#time.time;
  }

  rise(watermark: Watermark): void {
    while (!this.riseStep(watermark, UNLIMITED));
  }

  /** A part of {@link rise}; true when that was the last one. */
  riseStep(watermark: Watermark, budget: TimerBudget): boolean {
    this.#time.time = Math.max(this.#time.time, watermark.time);
    this.#clock.ingestTime = watermark.ingestTime;
    if (!this.fireTimers('event', watermark.time, budget)) return false;
    if (watermark.time === END_OF_TIME && this.state !== undefined) {
      // Nobody will wait for the wall clock any more (as Flink does for bounded input).
      if (!this.fireTimers('processing', END_OF_TIME, budget)) return false;
      if (this.state.nextTimerAt('event') < END_OF_TIME) return false;
    }
    try {
      this.operator.onWatermark?.(watermark.time, this.out);
      this.operator.flush?.(this.out);
    } catch (thrown) {
      throw placed(thrown, this.node, undefined);
    }
    this.#passOn(watermark);
    return true;
  }

  restore(time: TimestampMs): void {
    this.#time.time = Math.max(this.#time.time, time);
    // What waits in such an operator is asked again: it says itself where what is behind it stands in time.
    if (this.operator.asynchronous !== undefined && this.operator.asynchronous.pending() > 0) return;
    const output = this.operator.outputWatermark?.(time) ?? time;
    for (const target of this.#targets) target.restore(output);
  }

  /** False: more of them are due, and the budget is used up. */
  fireTimers(domain: TimeDomain, upTo: TimestampMs, budget: TimerBudget): boolean {
    const { state } = this;
    if (state === undefined) return true;
    while (state.nextTimerAt(domain) <= upTo) {
      if (budget.left <= 0 || budget.isBlocked()) return false;
      const timer = state.takeDueTimer(domain, upTo);
      if (timer === undefined) return true;
      budget.left--;
      this.#fire(timer);
    }
    return true;
  }

  /** Emits what calls have settled. True when something was given out. */
  emitSettled(): boolean {
    const work = this.operator.asynchronous;
    if (work === undefined || !work.hasSettled()) return false;
    const hasEmitted = inNode(this.node, () => work.emitSettled(this.out, (time) => this.#passHeld(time)));
    this.#passHeld(this.#passed);
    return hasEmitted;
  }

  flush(): void {
    try {
      this.operator.flush?.(this.out);
    } catch (thrown) {
      throw placed(thrown, this.node, undefined);
    }
  }

  #fire(timer: DueTimer): void {
    try {
      this.operator.onTimer?.(timer, this.out);
    } catch (thrown) {
      throw placed(thrown, this.node, timer.key);
    }
  }

  #passOn(watermark: Watermark): void {
    const { asynchronous } = this.operator;
    if (asynchronous === undefined) {
      const time = this.operator.outputWatermark?.(watermark.time) ?? watermark.time;
      this.#passTo(time, watermark.isIdle, watermark.ingestTime);
      return;
    }
    this.#isInputIdle = watermark.isIdle;
    asynchronous.holdWatermark(watermark.time);
    this.#passHeld(this.#passed);
    this.emitSettled();
  }

  #passHeld(time: TimestampMs): void {
    const isIdle = this.#isInputIdle && this.operator.asynchronous!.pending() === 0;
    this.#passTo(time, isIdle, this.#clock.ingestTime);
  }

  #passTo(to: TimestampMs, isIdle: boolean, ingestTime: MonotonicMs): void {
    const time = Math.max(this.#passed, to);
    if (time === this.#passed && isIdle === this.#isPassedIdle) return;
    this.#passed = time;
    this.#isPassedIdle = isIdle;
    const watermark: Watermark = { kind: 'watermark', time, isIdle, ingestTime };
    for (const target of this.#targets) target.rise(watermark);
  }
}

/** Where nothing else could have a turn meanwhile. */
const UNLIMITED: TimerBudget = { left: Number.POSITIVE_INFINITY, isBlocked: () => false };
