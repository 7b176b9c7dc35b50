/**
 * Session windows. A record opens `[t, t + gap)`; sessions of a key that overlap or touch are one, and a record may join two. Whether a
 * record is late is decided by its own interval, before it meets any session (as in Spark): an open session does not save it.
 *
 * With allowed lateness a closed session stays. A record that comes within it is added: the session is emitted again, or open again where its
 * end is now ahead of the clock; such a record may make one of two sessions that were emitted (as in Flink), and the result of
 * both is emitted as that of the new one.
 *
 * State per key: the list of its sessions, ascending, and the accumulators of each by its start. One timer, at the first session to close or
 * to be removed or before: a session that grows does not move it.
 */
import {
  type DueTimer,
  type Emitter,
  END_OF_TIME,
  type Key,
  type MapState,
  type Operator,
  type OperatorContext,
  type StreamRecord,
  type TimerQueue,
  type TimestampMs,
  type ValueState,
} from '../../model/index.ts';
import { EARLY_TAG, EarlyResults } from './early-results.ts';
import type { WindowBasis } from './window-basis.ts';
import type { SessionOptions } from './window-definition.ts';
import type { Slots } from './window-fields.ts';

export const SESSIONS_STATE: string = 'sessions';
export const SESSION_SLOTS_STATE: string = 'accumulators';

const NEXT_TAG = 'next';
const COMPLETE_TAG = 'complete';

/** `isClosed`: its result has been emitted as final. */
type Session = [start: TimestampMs, end: TimestampMs, isClosed: boolean];
/** Where the timer stands (END_OF_TIME: nowhere), and the sessions. */
type Sessions = [timer: TimestampMs, sessions: Session[]];

export class SessionWindowOperator<In> implements Operator<In> {
  readonly #basis: WindowBasis<In>;
  readonly #gapMs: SessionOptions<In>['gapMs'];
  #sessions!: ValueState<Sessions>;
  #slots!: MapState<Slots>;
  #timers!: TimerQueue;
  #early: EarlyResults | undefined;

  constructor(basis: WindowBasis<In>, gapMs: SessionOptions<In>['gapMs']) {
    this.#basis = basis;
    this.#gapMs = gapMs;
  }

  open(context: OperatorContext): void {
    const state = this.#basis.open(context);
    this.#sessions = state.value(SESSIONS_STATE);
    this.#slots = state.map(SESSION_SLOTS_STATE);
    this.#timers = this.#basis.timers(state);
    const { earlyMs } = this.#basis.plan;
    if (earlyMs > 0) this.#early = new EarlyResults(state, earlyMs);
  }

  process(record: StreamRecord<In>, out: Emitter): void {
    const { emit, latenessMs } = this.#basis.plan;
    const start = this.#basis.timeOf(record);
    const end = start + this.#gapOf(record.value);
    const clock = this.#basis.clock();
    const isLate = end + latenessMs <= clock && emit !== 'complete';
    if (!(end > start) || end === Number.POSITIVE_INFINITY || isLate) {
      this.#basis.refuseLate(record, out);
      return;
    }
    const isFirst = this.#sessions.get() === undefined;
    const sessions = this.#sessions.get() ?? [END_OF_TIME, []];
    const passed = this.#join(record, sessions[1], start, end);
    const joined = passed.session;
    if (emit === 'complete') {
      if (isFirst) this.#timers.add(this.#basis.nextComplete(), COMPLETE_TAG);
    } else {
      joined[2] = joined[1] <= clock;
      this.#keepTimer(sessions, joined[2] ? joined[1] + latenessMs : joined[1]);
      if (joined[2]) this.#basis.emitBehind(record, joined[0], joined[1], this.#slots.get(joined[0])!, true, out);
      else this.#emitEarly(record, joined, passed.records, out);
    }
    this.#sessions.set(sessions);
  }

  onTimer(timer: DueTimer, out: Emitter): void {
    if (timer.tag === EARLY_TAG) this.#onEarly(timer.key, out);
    else if (timer.tag === COMPLETE_TAG) this.#onComplete(timer.key, out);
    else this.#onNext(timer.at, timer.key, out);
  }

  outputWatermark(watermark: TimestampMs): TimestampMs {
    // A session may end at any time.
    return this.#basis.outputWatermark(watermark, () => true);
  }

  /** NaN for a gap that is none. */
  #gapOf(value: In): number {
    const gapMs = typeof this.#gapMs === 'function' ? this.#gapMs(value) : this.#gapMs;
    return typeof gapMs === 'number' && gapMs > 0 ? gapMs : Number.NaN;
  }

  /** Adds the record and makes one of all sessions that `[start, end]` meets. `records`: the most records one of them had. */
  #join(
    record: StreamRecord<In>,
    sessions: Session[],
    start: TimestampMs,
    end: TimestampMs,
  ): { readonly session: Session; readonly records: number } {
    const { fields } = this.#basis;
    let at = sessions.length;
    while (at > 0 && sessions[at - 1]![1] >= start) at--;
    let until = at;
    while (until < sessions.length && sessions[until]![0] <= end) until++;
    const met = sessions.slice(at, until);
    const [first] = met;
    const slots = first === undefined ? fields.create() : this.#slots.get(first[0])!;
    let records = fields.recordsOf(slots);
    fields.add(slots, 0, record);
    const session: Session = [start, end, false];
    for (const other of met) {
      session[0] = Math.min(session[0], other[0]);
      session[1] = Math.max(session[1], other[1]);
      if (other === first) continue;
      const taken = this.#slots.get(other[0])!;
      records = Math.max(records, fields.recordsOf(taken));
      fields.merge(slots, 0, taken, 0);
      this.#slots.delete(other[0]);
    }
    if (first !== undefined && first[0] !== session[0]) this.#slots.delete(first[0]);
    this.#slots.set(session[0], slots);
    sessions.splice(at, met.length, session);
    return { session, records };
  }

  #keepTimer(sessions: Sessions, due: TimestampMs): void {
    if (sessions[0] <= due) return;
    if (sessions[0] !== END_OF_TIME) this.#timers.remove(sessions[0], NEXT_TAG);
    this.#timers.add(due, NEXT_TAG);
    sessions[0] = due;
  }

  #emitEarly(record: StreamRecord<In>, [start, end]: Session, recordsBefore: number, out: Emitter): void {
    this.#early?.onChanged(start, this.#basis.now());
    const { earlyRecords } = this.#basis.plan;
    if (earlyRecords === 0) return;
    const slots = this.#slots.get(start)!;
    // Two sessions made one may jump over a multiple.
    if (Math.floor(this.#basis.fields.recordsOf(slots) / earlyRecords) > Math.floor(recordsBefore / earlyRecords)) {
      this.#basis.emitBehind(record, start, end, slots, false, out);
    }
  }

  #onNext(at: TimestampMs, key: Key, out: Emitter): void {
    const { latenessMs } = this.#basis.plan;
    const [, sessions] = this.#sessions.get()!;
    const kept: Session[] = [];
    const next: Sessions = [END_OF_TIME, kept];
    for (const session of sessions) {
      const [start, end] = session;
      if (!session[2] && end <= at) {
        this.#basis.emitAt(key, start, end, this.#slots.get(start)!, true, out);
        session[2] = true;
      }
      if (session[2] && end + latenessMs <= at) this.#slots.delete(start);
      else kept.push(session);
    }
    if (kept.length === 0) {
      this.#sessions.clear();
      return;
    }
    const due = Math.min(...kept.map(([, end, isClosed]) => (isClosed ? end + latenessMs : end)));
    this.#keepTimer(next, due);
    this.#sessions.set(next);
  }

  #onEarly(key: Key, out: Emitter): void {
    const [, sessions] = this.#sessions.get() ?? [END_OF_TIME, []];
    const clock = this.#basis.clock();
    const changed = this.#early?.take() ?? [];
    for (const [start, end] of sessions) {
      // A session may have begun later when it changed.
      if (end <= clock || !changed.some((place) => place >= start && place < end)) continue;
      this.#basis.emitAt(key, start, end, this.#slots.get(start)!, false, out);
    }
  }

  #onComplete(key: Key, out: Emitter): void {
    for (const [start, end] of this.#sessions.get()![1]) {
      this.#basis.emitAt(key, start, end, this.#slots.get(start)!, true, out);
    }
    if (!this.#basis.hasEnded()) this.#timers.add(this.#basis.nextComplete(), COMPLETE_TAG);
  }
}
