/**
 * The fluent side of the builder. A stream is a description and holds no data: its methods add nodes to the graph, and
 * nothing runs. `merge`, `rebalance` and `broadcast` add no node: they say which edges the next node gets.
 */
import type { Key, SinkConnector } from '../model/index.ts';
import type {
  AggregateRow,
  AggregatorFields,
  DeclaredType,
  ErasedProcess,
  ProcessDefinition,
  SideDeclarations,
  StateDeclarations,
  Undeclared,
} from '../operators/index.ts';
import { type DraftEdge, type DraftNode, type GraphDraft, mainOutputOf, type OperatorShape } from './graph-draft.ts';
import type { Partitioning } from './logical-plan.ts';
import {
  aggregateShape,
  filterShape,
  flatMapShape,
  keyByShape,
  mapShape,
  processShape,
  REST_OUTPUT,
  sinkShape,
  splitShape,
} from './node-shapes.ts';

/** Predicates by branch name; a type guard narrows the branch. */
export type Branches<T> = Readonly<Record<string, (value: T) => boolean>> & { readonly [REST_OUTPUT]?: never };

/** The type a guard narrows to. A method type, because those compare parameters in both directions. */
type Guarded<T, Predicate> = Predicate extends { guard(value: unknown): value is infer S }['guard'] ? S & T : T;

export interface SinkOptions {
  /** Number of subtasks that write; default: that of the stream, else that of the job. */
  readonly parallelism?: number;
  /** @internal See `expressedBy`. */
  readonly expressions?: Readonly<Record<string, string>> | undefined;
}

/** A definition, or a function that makes one for each subtask. */
type ProcessArgument<T, K extends Key, S, Out, Sides> =
  | ProcessDefinition<T, K, S, Out, Sides>
  | (() => ProcessDefinition<T, K, S, Out, Sides>);

/** What keyed and unkeyed streams have in common. */
abstract class AnyStream<T> {
  protected readonly graph: GraphDraft;
  protected readonly origins: readonly DraftEdge[];

  /** @internal */
  constructor(graph: GraphDraft, origins: readonly DraftEdge[]) {
    this.graph = graph;
    this.origins = origins;
  }

  /**
   * Names the operator that made this stream. State, offsets and metrics are filed under the name: a named operator
   * keeps its state when the graph before it changes.
   */
  named(id: string): this {
    const node = this.#maker('named');
    if (node === undefined) return this;
    if (node.name !== undefined && node.name !== id) {
      const first = node.name;
      this.graph.report(
        () => `the ${node.shape.kind} named '${first}' is named again, '${id}'; an operator has one name`,
      );
    }
    node.name = id;
    return this;
  }

  /**
   * The text of the expressions that the functions of this operator were compiled from, by field: with it, a restart can tell
   * whether they changed.
   *
   * @internal
   */
  expressedBy(expressions: Readonly<Record<string, string>> | undefined): this {
    const node = this.#maker('expressedBy');
    if (node !== undefined) node.expressions = expressions;
    return this;
  }

  /**
   * Sets the number of subtasks of the operator that made this stream. Stateless operators and sinks behind it follow,
   * until one says otherwise; the default is the job's parallelism.
   */
  withParallelism(parallelism: number): this {
    const node = this.#maker('withParallelism');
    if (node !== undefined) node.parallelism = parallelism;
    return this;
  }

  /** Ends the stream in a sink. A stream may have several sinks. */
  to(name: string, sink: SinkConnector<T>, options: SinkOptions = {}): void {
    this.graph.expectConnector('sink', name, sink);
    const node = this.graph.add(sinkShape(sink as SinkConnector), this.origins, name);
    node.parallelism = options.parallelism;
    node.expressions = options.expressions;
  }

  /** The main output of a new operator behind this stream. */
  protected append(shape: OperatorShape): readonly DraftEdge[] {
    return mainOutputOf(this.graph.add(shape, this.origins));
  }

  protected keyByEdges(keyOf: (value: T) => Key): readonly DraftEdge[] {
    this.graph.expectFunction('keyBy', keyOf);
    return this.append(keyByShape(keyOf));
  }

  protected mapEdges<U>(transform: (value: T) => U): readonly DraftEdge[] {
    this.graph.expectFunction('map', transform);
    return this.append(mapShape(transform));
  }

  protected filterEdges(predicate: (value: T) => boolean): readonly DraftEdge[] {
    this.graph.expectFunction('filter', predicate);
    return this.append(filterShape(predicate));
  }

  protected flatMapEdges<U>(expand: (value: T) => Iterable<U>): readonly DraftEdge[] {
    this.graph.expectFunction('flatMap', expand);
    return this.append(flatMapShape(expand));
  }

  protected mergeEdges(others: readonly AnyStream<T>[]): readonly DraftEdge[] {
    for (const other of others) {
      if (other.graph !== this.graph) this.graph.report(() => `merge() was given a stream of job '${other.graph.job}'`);
    }
    return [this, ...others].filter((stream) => stream.graph === this.graph).flatMap((stream) => stream.origins);
  }

  /** Calls back once per branch, the rest last. */
  protected splitEdges(branches: Branches<T>, onBranch: (name: string, edges: readonly DraftEdge[]) => void): void {
    const predicates = branches as Readonly<Record<string, (value: T) => boolean>>;
    for (const [name, predicate] of Object.entries(predicates)) {
      this.graph.expectFunction(`the branch '${name}' of split`, predicate);
    }
    const [main] = this.append(splitShape(predicates));
    if (Object.keys(predicates).length === 0)
      this.graph.report((idOf) => `the split '${idOf(main!.from)}' has no branch`);
    for (const [i, name] of Object.keys(predicates).entries()) onBranch(name, [{ ...main!, output: i + 1 }]);
    if (Object.hasOwn(predicates, REST_OUTPUT)) {
      this.graph.report(
        (idOf) =>
          `the split '${idOf(main!.from)}' has a branch '${REST_OUTPUT}', which is the name of the unmatched rest`,
      );
    }
    onBranch(REST_OUTPUT, [main!]);
  }

  #maker(method: string): DraftNode | undefined {
    const [origin] = this.origins;
    if (this.origins.length === 1 && origin!.partitioning === 'forward') return origin!.from;
    this.graph.report(
      () =>
        `${method}() follows merge, rebalance or broadcast, which are no operators; put it behind the next operator`,
    );
    return undefined;
  }
}

/** A stream without keys. */
export class Stream<T> extends AnyStream<T> {
  /** Replaces every value. */
  map<U>(transform: (value: T) => U): Stream<U> {
    return new Stream(this.graph, this.mapEdges(transform));
  }

  /** Keeps the records whose predicate is true; a type guard narrows the stream. */
  filter<S extends T>(predicate: (value: T) => value is S): Stream<S>;
  filter(predicate: (value: T) => boolean): Stream<T>;
  filter(predicate: (value: T) => boolean): Stream<T> {
    return new Stream(this.graph, this.filterEdges(predicate));
  }

  /** Replaces every value by any number of values, in order. */
  flatMap<U>(expand: (value: T) => Iterable<U>): Stream<U> {
    return new Stream(this.graph, this.flatMapEdges(expand));
  }

  /** Gives every record a key. Records of one key stay in order from here on, and share their state. */
  keyBy<K extends Key>(keyOf: (value: T) => K): KeyedStream<T, K> {
    return new KeyedStream(this.graph, this.keyByEdges(keyOf));
  }

  /** One stream of the records of all: in order for each, in no order between them. */
  merge(...others: readonly Stream<T>[]): Stream<T> {
    return new Stream(this.graph, this.mergeEdges(others));
  }

  /**
   * One stream per predicate, by name, and `rest`. A record goes to the first branch whose predicate is true, or to
   * `rest`; what nobody reads is dropped.
   */
  split<B extends Branches<T>>(
    branches: B,
  ): { readonly [Name in keyof B]: Stream<Guarded<T, B[Name]>> } & { readonly rest: Stream<T> } {
    const streams: Record<string, unknown> = {};
    this.splitEdges(branches, (name, edges) => define(streams, name, new Stream(this.graph, edges)));
    return streams as ReturnType<typeof this.split<B>>;
  }

  /** Spreads the records over all subtasks of the next operator in turn. Their order is given up. */
  rebalance(): Stream<T> {
    return new Stream(this.graph, repartition(this.origins, 'rebalance'));
  }

  /** Gives every record to every subtask of the next operator. */
  broadcast(): Stream<T> {
    return new Stream(this.graph, repartition(this.origins, 'broadcast'));
  }
}

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

  /** Gives every record another key. */
  keyBy<L extends Key>(keyOf: (value: T) => L): KeyedStream<T, L> {
    return new KeyedStream(this.graph, this.keyByEdges(keyOf));
  }

  /** One stream of the records of all. Records of one key are in order for each input, in no order between them. */
  merge(...others: readonly KeyedStream<T, K>[]): KeyedStream<T, K> {
    return new KeyedStream(this.graph, this.mergeEdges(others));
  }

  /** As {@link Stream.split}; the branches are keyed. */
  split<B extends Branches<T>>(
    branches: B,
  ): { readonly [Name in keyof B]: KeyedStream<Guarded<T, B[Name]>, K> } & { readonly rest: KeyedStream<T, K> } {
    const streams: Record<string, unknown> = {};
    this.splitEdges(branches, (name, edges) => define(streams, name, new KeyedStream(this.graph, edges)));
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
    const edges = this.#stateful(aggregateShape(fields as AggregatorFields<T>));
    const names = Object.keys(fields);
    if (names.length === 0) this.graph.report((idOf) => `the aggregate '${idOf(edges[0]!.from)}' has no field`);
    for (const taken of names.filter((name) => name === 'key' || name === '__proto__')) {
      this.graph.report(
        (idOf) => `the aggregate '${idOf(edges[0]!.from)}' has a field '${taken}', a name that rows cannot use`,
      );
    }
    return new Stream(this.graph, edges);
  }

  /** Code of your own with keyed state and side outputs, see {@link ProcessDefinition}. */
  process<S extends StateDeclarations = Undeclared, Out = never, Sides extends SideDeclarations = Undeclared>(
    definition: ProcessArgument<T, K, S, Out, Sides>,
  ): ProcessedStream<Out, Sides> {
    const create = (typeof definition === 'function' ? definition : () => definition) as unknown as () => ErasedProcess;
    const shape = processShape(create(), create);
    return new ProcessedStream(this.graph, this.#stateful(shape), shape.outputs);
  }

  #stateful(shape: OperatorShape): readonly DraftEdge[] {
    return mainOutputOf(this.graph.add(shape, repartition(this.origins, 'hash')));
  }
}

/** What `process` emits, and its side outputs. */
export class ProcessedStream<T, Sides> extends Stream<T> {
  readonly #outputs: readonly string[];

  /** @internal */
  constructor(graph: GraphDraft, origins: readonly DraftEdge[], outputs: readonly string[]) {
    super(graph, origins);
    this.#outputs = outputs;
  }

  /** The records given to `emitTo(name, ...)`. */
  side<Name extends keyof Sides & string>(name: Name): Stream<DeclaredType<Sides[Name]>> {
    const output = this.#outputs.indexOf(name, 1);
    const [main] = this.origins;
    if (output > 0) return new Stream(this.graph, [{ ...main!, output }]);
    this.graph.report((idOf) => `the process '${idOf(main!.from)}' declares no side output '${name}'`);
    return new Stream(this.graph, [main!]);
  }
}

function repartition(edges: readonly DraftEdge[], partitioning: Partitioning): readonly DraftEdge[] {
  return edges.map((edge) => ({ ...edge, partitioning }));
}

/** Branch names are data: a branch called `__proto__` is an ordinary property. */
function define(streams: Record<string, unknown>, name: string, stream: unknown): void {
  Object.defineProperty(streams, name, { value: stream, enumerable: true, configurable: true });
}
