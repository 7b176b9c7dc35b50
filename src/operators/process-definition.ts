/**
 * Keyed `process`: what a user writes when the ready-made operators are not enough. States and outputs are declared as
 * data, so that the plan can show them and a restart can compare them; TypeScript infers all types from the declaration.
 *
 * @example
 * ```ts
 * payments
 *   .keyBy((payment) => payment.card)
 *   .process({
 *     states: { total: states.value<number>() },
 *     emits: records<{ card: string; total: number }>(),
 *     sides: { large: records<Payment>() },
 *     process(payment, context) {
 *       const total = (context.states.total.get() ?? 0) + payment.amount;
 *       context.states.total.set(total);
 *       if (payment.amount > 1_000) context.emitTo('large', payment);
 *       context.emit({ card: payment.card, total });
 *     },
 *   });
 * ```
 *
 * With timers: a card that was not used for an hour.
 *
 * @example
 * ```ts
 * payments
 *   .keyBy((payment) => payment.card)
 *   .process({
 *     emits: records<{ card: string; idleSince: number }>(),
 *     process(payment, context) {
 *       context.timers.set('idle', context.timestamp + 3_600_000);
 *     },
 *     onTimer(timer, context) {
 *       context.emit({ card: context.key, idleSince: timer.at - 3_600_000 });
 *     },
 *   });
 * ```
 */
import type {
  Key,
  ListState,
  MapState,
  NodeId,
  StateKind,
  StateTtl,
  SubtaskIndex,
  TimeDomain,
  TimestampMs,
  ValueState,
} from '../model/index.ts';

/** A declared state; `Handle` exists for the compiler only. */
export interface StateDeclaration<Handle = unknown> {
  readonly kind: Exclude<StateKind, 'timers'>;
  readonly ttl?: StateTtl | undefined;
  readonly handle?: Handle;
}

/** A declared output; `T` exists for the compiler only. */
export interface TypeDeclaration<T = unknown> {
  readonly type?: T;
}

export type StateDeclarations = Readonly<Record<string, StateDeclaration>>;
export type SideDeclarations = Readonly<Record<string, TypeDeclaration>>;

/** The handles of declared states. They act on the key of the record, or of the timer, at hand. */
export type StateHandles<States> = {
  readonly [Name in keyof States]: States[Name] extends StateDeclaration<infer Handle> ? Handle : never;
};

/** The type a declared output carries. */
export type DeclaredType<Declaration> = Declaration extends TypeDeclaration<infer T> ? T : never;

/**
 * Declares the states of a `process` definition. With a time to live, a value, list element or map entry is gone that long (in processing
 * time) after its last write, or its last read with `refresh: 'read'`.
 *
 * @example states.value<number>({ ttlMs: 86_400_000, refresh: 'read' })
 */
export const states: {
  /** One value per key. */
  value<T>(ttl?: StateTtl): StateDeclaration<ValueState<T>>;
  /** A list per key, appended to. */
  list<T>(ttl?: StateTtl): StateDeclaration<ListState<T>>;
  /** A map per key. */
  map<V>(ttl?: StateTtl): StateDeclaration<MapState<V>>;
} = Object.freeze({
  value: <T>(ttl?: StateTtl): StateDeclaration<ValueState<T>> => ({ kind: 'value', ttl }),
  list: <T>(ttl?: StateTtl): StateDeclaration<ListState<T>> => ({ kind: 'list', ttl }),
  map: <V>(ttl?: StateTtl): StateDeclaration<MapState<V>> => ({ kind: 'map', ttl }),
});

/** Declares what an output of a `process` definition carries. */
export function records<T>(): TypeDeclaration<T> {
  return {};
}

/** The timers of the current key in one domain of time, by name. Part of the checkpoint, as states are. */
export interface NamedTimers {
  /**
   * Sets the timer of that name, in place of the one that has it. A time that has passed fires behind the call at hand; +Infinity is the end
   * of input. At the end of input, when `watermark` is +Infinity, every time has passed: a timer that sets itself again for ever (a tick) must
   * stop then; one that does not fails the job after 100,000 times, since it would never end.
   */
  set(name: string, at: TimestampMs): void;
  /** What it is set to; `undefined` where there is none, and in the `onTimer` that it led to. */
  get(name: string): TimestampMs | undefined;
  /** Deleting one that is not there changes nothing. */
  delete(name: string): void;
}

/** A timer that is due. */
export interface ProcessTimer {
  readonly name: string;
  /** What it was set to: at or before the clock of its domain, but for timers of processing time at the end of all input. */
  readonly at: TimestampMs;
  readonly domain: TimeDomain;
}

/** What `process` may do with the record at hand, and `onTimer` with the timer. One object per subtask, valid during the call only. */
export interface ProcessContext<K extends Key, States, Out, Sides> {
  readonly key: K;
  /**
   * Event time of the record; NaN where none was assigned. In `onTimer`, of either domain, what the timer was set to (NaN for +Infinity). A
   * record is late when `timestamp <= watermark`.
   */
  readonly timestamp: TimestampMs;
  /** In force; -Infinity before the first, +Infinity at the end of input. */
  readonly watermark: TimestampMs;
  /** Wall clock. It stands still during a call; in microbatch mode it is the time at which the batch was planned, in a replay as well. */
  readonly now: TimestampMs;
  readonly states: StateHandles<States>;
  /** In event time: due when the watermark reaches them. Only in a definition with `onTimer`. */
  readonly timers: NamedTimers;
  /** In processing time: due by the wall clock, and at the end of all input whatever they are set to. Only in a definition with `onTimer`. */
  readonly processingTimers: NamedTimers;
  /** Emits to the main output. Key and times are those of the record being processed; in `onTimer`, `key` and `timestamp`. */
  emit(value: Out): void;
  emitTo<Name extends keyof Sides & string>(side: Name, value: DeclaredType<Sides[Name]>): void;
  /** Counts the record at hand among those that came too late, for `status`. What becomes of it is up to the definition. */
  countLate(): void;
}

/** Where an instance runs. */
export interface ProcessPlace {
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  readonly parallelism: number;
}

/**
 * An object literal, or an instance of a class. What must survive a restart belongs into `states`: fields of the
 * object are lost with the thread. A definition given as an object serves all subtasks of a thread; one given as a
 * function (`() => new Detector()`) is made anew for each.
 */
export interface ProcessDefinition<In, K extends Key, States, Out, Sides> {
  readonly states?: States;
  readonly emits?: TypeDeclaration<Out>;
  readonly sides?: Sides;
  /** Called once per subtask before its first record. */
  open?(place: ProcessPlace): void;
  /** Called for each record. Synchronous. A throw is handled by the job's error policy. */
  process(value: In, context: ProcessContext<K, States, Out, Sides>): void;
  /**
   * A timer is due. Synchronous; never beside `process`; in ascending order of time, and all timers up to a watermark before any record behind
   * it. The timer is gone when this is called.
   */
  onTimer?(timer: ProcessTimer, context: ProcessContext<K, States, Out, Sides>): void;
  close?(): void;
}

/** No declaration. */
export type Undeclared = Readonly<Record<never, never>>;

/**
 * A definition on its own, with the types of its states and outputs inferred. Annotate the record:
 * `process(payment: Payment, context) { ... }`.
 */
export function defineProcess<
  In,
  States extends StateDeclarations = Undeclared,
  Out = never,
  Sides extends SideDeclarations = Undeclared,
>(definition: ProcessDefinition<In, Key, States, Out, Sides>): ProcessDefinition<In, Key, States, Out, Sides> {
  return definition;
}
