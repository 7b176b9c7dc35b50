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
 */
import type {
  Key,
  ListState,
  MapState,
  NodeId,
  StateKind,
  SubtaskIndex,
  TimestampMs,
  ValueState,
} from '../model/index.ts';

/** A declared state; `Handle` exists for the compiler only. */
export interface StateDeclaration<Handle = unknown> {
  readonly kind: StateKind;
  readonly handle?: Handle;
}

/** A declared output; `T` exists for the compiler only. */
export interface TypeDeclaration<T = unknown> {
  readonly type?: T;
}

export type StateDeclarations = Readonly<Record<string, StateDeclaration>>;
export type SideDeclarations = Readonly<Record<string, TypeDeclaration>>;

/** The handles of declared states. They act on the key of the record being processed. */
export type StateHandles<States> = {
  readonly [Name in keyof States]: States[Name] extends StateDeclaration<infer Handle> ? Handle : never;
};

/** The type a declared output carries. */
export type DeclaredType<Declaration> = Declaration extends TypeDeclaration<infer T> ? T : never;

/** Declares the states of a `process` definition. */
export const states: {
  /** One value per key. */
  value<T>(): StateDeclaration<ValueState<T>>;
  /** A list per key, appended to. */
  list<T>(): StateDeclaration<ListState<T>>;
  /** A map per key. */
  map<V>(): StateDeclaration<MapState<V>>;
} = Object.freeze({
  value: <T>(): StateDeclaration<ValueState<T>> => ({ kind: 'value' }),
  list: <T>(): StateDeclaration<ListState<T>> => ({ kind: 'list' }),
  map: <V>(): StateDeclaration<MapState<V>> => ({ kind: 'map' }),
});

/** Declares what an output of a `process` definition carries. */
export function records<T>(): TypeDeclaration<T> {
  return {};
}

/** What `process` may do with the record at hand. One object per subtask, valid during the call only. */
export interface ProcessContext<K extends Key, States, Out, Sides> {
  readonly key: K;
  /** Event time of the record; NaN where none was assigned. */
  readonly timestamp: TimestampMs;
  readonly states: StateHandles<States>;
  /** Emits to the main output. Key and times are those of the record being processed. */
  emit(value: Out): void;
  emitTo<Name extends keyof Sides & string>(side: Name, value: DeclaredType<Sides[Name]>): void;
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
