/**
 * How time passes through the chain of one subtask: watermarks from its head on, timers of the wall clock, expiry, calls that settle. In
 * slices: many timers may be due at once, and a turn is bounded.
 *
 * While a watermark is on its way (`isSettled` is false) nothing may be read: what follows it would overtake what it leads to.
 */
import { assert, type MonotonicMs, type NodeId, TIME_UNSET, type TimestampMs, type Watermark } from '../model/index.ts';
import type { ChainClock } from './chain-clock.ts';
import { OperatorLink, type TimerBudget, type TimeTarget } from './operator-link.ts';

/** Entries removed at a time: a few tens of microseconds. */
const EXPIRED_PER_SLICE = 128;

export class ChainTime {
  readonly #head: TimeTarget | undefined;
  readonly #clock: ChainClock;
  readonly #links: readonly OperatorLink[];
  readonly #stateful: readonly OperatorLink[];
  readonly #asynchronous: readonly OperatorLink[];
  readonly #flushing: readonly OperatorLink[];
  #rising: Watermark | undefined;
  #watermark: TimestampMs = TIME_UNSET;

  /** `links`: head first. */
  constructor(head: TimeTarget | undefined, links: readonly OperatorLink[], clock: ChainClock) {
    this.#head = head;
    this.#clock = clock;
    this.#links = links;
    this.#stateful = links.filter(({ state }) => state !== undefined);
    this.#asynchronous = links.filter(({ operator }) => operator.asynchronous !== undefined);
    this.#flushing = links.filter(({ operator }) => operator.flush !== undefined);
  }

  /** In force at the head: its timers up to here have fired. */
  get watermark(): TimestampMs {
    return this.#watermark;
  }

  /** Wall clock as operators see it. */
  get now(): TimestampMs {
    return this.#clock.now;
  }

  /** Wall clock of the step that begins; where it was set back, it stands still for operators until it has caught up. */
  tick(now: TimestampMs, monotonic: MonotonicMs): void {
    const clock = this.#clock;
    if (now > clock.now) clock.now = now;
    clock.ingestTime = monotonic;
    const stateful = this.#stateful;
    for (let i = 0; i < stateful.length; i++) stateful[i]!.state!.setNow(clock.now);
  }

  /** Goes on under the watermark of a checkpoint, whose timers had fired. */
  restore(time: TimestampMs): void {
    this.#watermark = Math.max(this.#watermark, time);
    this.#head?.restore(this.#watermark);
  }

  /** A higher watermark, or another idleness, in front of the head. */
  begin(watermark: Watermark): void {
    assert(this.#rising === undefined, 'a watermark came before the last one was through');
    this.#rising = watermark;
  }

  /** Whether records may be read: no watermark is on its way. */
  isSettled(): boolean {
    return this.#rising === undefined;
  }

  /** Whether {@link advance} has something to do. */
  isDue(): boolean {
    if (this.#rising !== undefined) return true;
    const { now } = this.#clock;
    const stateful = this.#stateful;
    for (let i = 0; i < stateful.length; i++) {
      const state = stateful[i]!.state!;
      if (state.nextTimerAt('processing') <= now || state.nextExpiryAt() <= now) return true;
    }
    return false;
  }

  /** Takes the watermark on, and fires what the wall clock has made due, within the budget. True when it did something. */
  advance(budget: TimerBudget): boolean {
    const rising = this.#rising;
    const before = budget.left;
    if (rising !== undefined) {
      if (!this.#riseStep(rising, budget)) return budget.left < before;
      this.#watermark = Math.max(this.#watermark, rising.time);
      this.#rising = undefined;
    }
    const { now } = this.#clock;
    let hasExpired = false;
    for (const link of this.#stateful) {
      if (!link.fireTimers('processing', now, budget)) break;
      const state = link.state!;
      if (state.nextExpiryAt() > now) continue;
      state.removeExpired(EXPIRED_PER_SLICE);
      hasExpired = true;
    }
    return rising !== undefined || hasExpired || budget.left < before;
  }

  /** Wall clock at which something is due next; +Infinity: nothing is. */
  nextDueAt(): TimestampMs {
    let at = Number.POSITIVE_INFINITY;
    for (const { state } of this.#stateful) at = Math.min(at, state!.nextTimerAt('processing'), state!.nextExpiryAt());
    return at;
  }

  /** Before anything that must not overtake what operators hold back. */
  flush(): void {
    const flushing = this.#flushing;
    for (let i = 0; i < flushing.length; i++) flushing[i]!.flush();
  }

  /** Emits what calls have settled. True when something was given out. */
  emitSettled(): boolean {
    let hasEmitted = false;
    const links = this.#asynchronous;
    for (let i = 0; i < links.length; i++) if (links[i]!.emitSettled()) hasEmitted = true;
    return hasEmitted;
  }

  /** No more input until calls have settled. */
  isAsyncFull(): boolean {
    const links = this.#asynchronous;
    for (let i = 0; i < links.length; i++) if (links[i]!.operator.asynchronous!.isFull()) return true;
    return false;
  }

  hasSettled(): boolean {
    const links = this.#asynchronous;
    for (let i = 0; i < links.length; i++) if (links[i]!.operator.asynchronous!.hasSettled()) return true;
    return false;
  }

  asyncPending(): number {
    return this.#asynchronous.reduce((sum, { operator }) => sum + operator.asynchronous!.pending(), 0);
  }

  /** Earliest pending timers, for the checkpoint. */
  nextTimers(): { readonly event: TimestampMs; readonly processing: TimestampMs } {
    let event = Number.POSITIVE_INFINITY;
    let processing = Number.POSITIVE_INFINITY;
    for (const { state } of this.#stateful) {
      event = Math.min(event, state!.nextTimerAt('event'));
      processing = Math.min(processing, state!.nextTimerAt('processing'));
    }
    return { event, processing };
  }

  /** Records that came too late since the last call, by operator. */
  takeLate(): Readonly<Record<NodeId, number>> {
    const late = this.#links.filter(({ lateRecords }) => lateRecords > 0);
    const counts = Object.fromEntries(late.map(({ node, lateRecords }) => [node, lateRecords]));
    for (const link of late) link.lateRecords = 0;
    return counts;
  }

  #riseStep(watermark: Watermark, budget: TimerBudget): boolean {
    const head = this.#head;
    if (head instanceof OperatorLink) return head.riseStep(watermark, budget);
    head?.rise(watermark);
    return true;
  }
}
