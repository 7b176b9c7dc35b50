/** Streams whose records carry keys. As `stream.ts`: descriptions, whose methods add nodes to the graph. */
import type { Key } from '../model/index.ts';
import {
  type AggregateRow,
  type AggregatorFields,
  type AsyncCall,
  type AsyncMapOptions,
  type BroadcastJoinOptions,
  type DeclaredType,
  type DeduplicateOptions,
  deduplicateBlueprint,
  type ErasedProcess,
  type FailedCall,
  type JoinType,
  type OperatorBlueprint,
  type ProcessDefinition,
  processBlueprint,
  type SideDeclarations,
  type StateDeclarations,
  type StreamJoinOptions,
  streamJoinBlueprint,
  type TableJoinOptions,
  tableJoinBlueprint,
  type Undeclared,
  type WindowDefinition,
  type WindowJoinOptions,
  type WindowOptions,
  windowJoinBlueprint,
} from '../operators/index.ts';
import { AnyStream, type Branches, defineBranch, type Guarded } from './any-stream.ts';
import type { DraftEdge } from './graph-draft.ts';
import type {
  JoinedRow,
  JoinOptions,
  TableType,
  TypedBroadcastJoin,
  TypedTableJoin,
  WindowedJoinOptions,
  WindowJoinedRow,
} from './joined-row.ts';
import { aggregateShape } from './node-shapes.ts';
import { reportFieldNames } from './report-field-names.ts';
import { SideStream, Stream } from './stream.ts';
import { WindowedStream } from './windowed-stream.ts';

/** A definition, or a function that makes one for each subtask. */
type ProcessArgument<T, K extends Key, S, Out, Sides> =
  | ProcessDefinition<T, K, S, Out, Sides>
  | (() => ProcessDefinition<T, K, S, Out, Sides>);

/** Types of the declared side outputs, by name. */
type SidesOf<Declarations> = { readonly [Name in keyof Declarations]: DeclaredType<Declarations[Name]> };

/**
 * A stream whose records carry keys of type `K`. Stateless operators keep them; stateful ones see all records of a key
 * in one subtask, in order.
 */
export class KeyedStream<T, K extends Key> extends AnyStream<T> {
  /** Replaces every value; the key stays. */
  map<U>(transform: (value: T) => U): KeyedStream<U, K> {
    return new KeyedStream(this.graph, this.mapEdges(transform));
  }

  /** Keeps the records whose predicate is true; a type guard narrows the stream. */
  filter<S extends T>(predicate: (value: T) => value is S): KeyedStream<S, K>;
  filter(predicate: (value: T) => boolean): KeyedStream<T, K>;
  filter(predicate: (value: T) => boolean): KeyedStream<T, K> {
    return new KeyedStream(this.graph, this.filterEdges(predicate));
  }

  /** Replaces every value by any number of values, in order; all carry its key. */
  flatMap<U>(expand: (value: T) => Iterable<U>): KeyedStream<U, K> {
    return new KeyedStream(this.graph, this.flatMapEdges(expand));
  }

  /** As {@link Stream.asyncMap}; the keys stay. */
  asyncMap<U>(
    call: (value: T, context: AsyncCall) => PromiseLike<U>,
    options: AsyncMapOptions & { readonly onFailure: 'side' },
  ): KeyedSideStream<U, K, { readonly failed: FailedCall<T> }>;
  asyncMap<U>(call: (value: T, context: AsyncCall) => PromiseLike<U>, options?: AsyncMapOptions): KeyedStream<U, K>;
  asyncMap<U>(
    call: (value: T, context: AsyncCall) => PromiseLike<U>,
    options: AsyncMapOptions = {},
  ): KeyedStream<U, K> {
    return new KeyedSideStream(this.graph, this.asyncMapEdges(call, options));
  }

  /** Gives every record another key. */
  keyBy<L extends Key>(keyOf: (value: T) => L): KeyedStream<T, L> {
    return new KeyedStream(this.graph, this.keyByEdges(keyOf));
  }

  /** One stream of the records of all. Records of one key are in order for each input, in no order between them. */
  merge(...others: readonly KeyedStream<T, K>[]): KeyedStream<T, K> {
    return new KeyedStream(this.graph, this.mergeEdges(others));
  }

  /** The same records as a stream without keys, for what only such a stream has: `rebalance`, `broadcast`, merging with others. */
  unkeyed(): Stream<T> {
    return new Stream(this.graph, this.origins);
  }

  /** As {@link Stream.split}; the branches are keyed. */
  split<B extends Branches<T>>(
    branches: B,
  ): { readonly [Name in keyof B]: KeyedStream<Guarded<T, B[Name]>, K> } & { readonly rest: KeyedStream<T, K> } {
    const streams: Record<string, unknown> = {};
    this.splitEdges(branches, (name, edges) => defineBranch(streams, name, new KeyedStream(this.graph, edges)));
    return streams as ReturnType<typeof this.split<B>>;
  }

  /**
   * Running aggregates per key: one row `{ key, ...fields }` for each record.
   *
   * @example
   * ```ts
   * flights
   *   .keyBy((flight) => flight.origin)
   *   .aggregate({ flights: aggregates.count(), meanDelay: aggregates.mean((flight) => flight.delay) });
   * ```
   */
  aggregate<Fields extends AggregatorFields<T> & { readonly key?: never }>(
    fields: Fields,
  ): Stream<AggregateRow<K, Fields>> {
    const edges = this.append(aggregateShape(fields as AggregatorFields<T>), this.#byKey());
    reportFieldNames(this.graph, edges[0]!.from, Object.keys(fields), ['key']);
    return new Stream(this.graph, edges);
  }

  /** Cuts the records of each key into windows, see `windows`; `aggregate` says what is made of each. */
  window<
    const Definition extends WindowDefinition<T>,
    const Options extends WindowOptions = Readonly<Record<never, never>>,
  >(definition: Definition, options?: Options): WindowedStream<T, K, Definition, Options> {
    return new WindowedStream(this.graph, this.#byKey(), definition as WindowDefinition, options ?? {});
  }

  /**
   * Records of two streams with the same key whose event times are near each other. State is kept as long as something can still match; rows
   * of one side alone (left, right, full, anti) come when nothing can any more. Late records of either side are at `side('late')`.
   *
   * @example
   * ```ts
   * orders
   *   .keyBy((order) => order.id)
   *   .join(
   *     payments.keyBy((payment) => payment.order),
   *     { type: 'left', within: { beforeMs: 0, afterMs: 3_600_000 } },
   *   );
   * ```
   */
  join<R, Type extends JoinType = 'inner', Out = JoinedRow<Type, T, R>>(
    other: KeyedStream<R, K>,
    options: JoinOptions<Type, T, R, Out>,
  ): SideStream<Out, { readonly late: T | R }> {
    return this.#joined('join', other, streamJoinBlueprint(options as StreamJoinOptions<unknown, unknown, unknown>));
  }

  /** Records of two streams with the same key in the same window of event time. Rows come when the window closes. */
  windowJoin<R, Type extends JoinType = 'inner', Out = WindowJoinedRow<Type, T, R>>(
    other: KeyedStream<R, K>,
    options: WindowedJoinOptions<Type, T, R, Out>,
  ): SideStream<Out, { readonly late: T | R }> {
    const blueprint = windowJoinBlueprint(options as WindowJoinOptions<unknown, unknown, unknown>);
    return this.#joined('windowJoin', other, blueprint);
  }

  /**
   * Each record with the row that its key had in a changing table at the record's event time; it waits until the watermark of both has
   * passed that time. The records of the table are the versions of its rows.
   */
  joinTable<R, Type extends TableType = 'inner', Out = JoinedRow<Type, T, R>>(
    table: KeyedStream<R, K>,
    options: TypedTableJoin<Type, T, R, Out> = {},
  ): SideStream<Out, { readonly late: T | R }> {
    const blueprint = tableJoinBlueprint(options as TableJoinOptions<unknown, unknown, unknown>);
    return this.#joined('joinTable', table, blueprint);
  }

  /** As {@link Stream.joinBroadcast}; the keys stay. */
  joinBroadcast<R, Type extends TableType = 'inner', Out = JoinedRow<Type, T, R>>(
    table: Stream<R>,
    options: TypedBroadcastJoin<Type, T, R, Out>,
  ): KeyedStream<Out, K> {
    return new KeyedStream(this.graph, this.joinBroadcastEdges(table, options as BroadcastJoinOptions<T, R, Out>));
  }

  /**
   * The first record of every key; later ones are dropped, for ever or for as long as `options` say. Within the watermark, late records
   * are at `side('late')`.
   */
  deduplicate(
    options: DeduplicateOptions & { readonly scope: 'watermark' },
  ): KeyedSideStream<T, K, { readonly late: T }>;
  deduplicate(options: DeduplicateOptions): KeyedStream<T, K>;
  deduplicate(options: DeduplicateOptions): KeyedStream<T, K> {
    const needsEventTime = options.scope === 'watermark';
    const edges = this.appendBlueprint(deduplicateBlueprint(options), needsEventTime, this.#byKey());
    return new KeyedSideStream(this.graph, edges);
  }

  /** Code of your own with keyed state, timers and side outputs, see {@link ProcessDefinition}. */
  process<S extends StateDeclarations = Undeclared, Out = never, Sides extends SideDeclarations = Undeclared>(
    definition: ProcessArgument<T, K, S, Out, Sides>,
  ): SideStream<Out, SidesOf<Sides>> {
    const create = (typeof definition === 'function' ? definition : () => definition) as unknown as () => ErasedProcess;
    return new SideStream(this.graph, this.appendBlueprint(processBlueprint(create(), create), false, this.#byKey()));
  }

  #byKey(): readonly DraftEdge[] {
    return this.edgesInto(0, 'hash');
  }

  #joined<Out, Sides>(method: string, other: AnyStream<unknown>, blueprint: OperatorBlueprint): SideStream<Out, Sides> {
    const edges = [...this.#byKey(), ...this.otherEdges(method, other, 'hash')];
    return new SideStream(this.graph, this.appendBlueprint(blueprint, true, edges));
  }
}

/** What a keyed operator with side outputs emits; its records keep their keys. */
export class KeyedSideStream<T, K extends Key, Sides> extends KeyedStream<T, K> {
  /** The records of a side output. */
  side<Name extends keyof Sides & string>(name: Name): KeyedStream<Sides[Name], K> {
    return new KeyedStream(this.graph, this.sideEdges(name));
  }
}
