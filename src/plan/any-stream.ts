/**
 * What keyed and unkeyed streams have in common: where they come from in the graph, their names, their sinks, and the edges that
 * their operators are attached by. `merge`, `rebalance` and `broadcast` add no node: they say which edges the next node gets.
 */
import type { Key, SinkConnector } from '../model/index.ts';
import {
  type AsyncCall,
  type AsyncMapOptions,
  asyncMapBlueprint,
  type BroadcastJoinOptions,
  broadcastJoinBlueprint,
  type OperatorBlueprint,
} from '../operators/index.ts';
import { type DraftEdge, type DraftNode, type GraphDraft, mainOutputOf, type OperatorShape } from './graph-draft.ts';
import type { InputIndex, Partitioning } from './logical-plan.ts';
import {
  blueprintShape,
  filterShape,
  flatMapShape,
  keyByShape,
  mapShape,
  REST_OUTPUT,
  sinkShape,
  splitShape,
} from './node-shapes.ts';

/** Predicates by branch name; a type guard narrows the branch. */
export type Branches<T> = Readonly<Record<string, (value: T) => boolean>> & { readonly [REST_OUTPUT]?: never };

/** The type a guard narrows to. A method type, because those compare parameters in both directions. */
export type Guarded<T, Predicate> = Predicate extends { guard(value: unknown): value is infer S }['guard'] ? S & T : T;

export interface SinkOptions {
  /** Number of subtasks that write; default: that of the stream, else that of the job. */
  readonly parallelism?: number;
  /** @internal See `expressedBy`. */
  readonly expressions?: Readonly<Record<string, string>> | undefined;
}

export abstract class AnyStream<T> {
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
        node,
      );
    }
    node.name = id;
    return this;
  }

  /**
   * The text of the expressions that the functions of this operator were compiled from, by field: with it, a restart can tell
   * whether they changed. `results`: of those that may, whatever is stored.
   *
   * @internal
   */
  expressedBy(
    expressions: Readonly<Record<string, string>> | undefined,
    results?: Readonly<Record<string, string>>,
  ): this {
    const node = this.#maker('expressedBy');
    if (node === undefined) return this;
    node.expressions = expressions;
    node.results = results;
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

  /** The main output of a new operator behind this stream, or behind other edges. */
  protected append(shape: OperatorShape, edges: readonly DraftEdge[] = this.origins): readonly DraftEdge[] {
    return mainOutputOf(this.graph.add(shape, edges));
  }

  /** The same for an operator that describes itself; what it finds wrong with its options is a problem of the graph. */
  protected appendBlueprint(
    blueprint: OperatorBlueprint,
    needsEventTime: boolean,
    edges: readonly DraftEdge[] = this.origins,
  ): readonly DraftEdge[] {
    const [main] = this.append(blueprintShape(blueprint, needsEventTime), edges);
    for (const problem of blueprint.problems) {
      this.graph.report((idOf) => `the ${blueprint.kind} '${idOf(main!.from)}': ${problem}`, main!.from);
    }
    return [main!];
  }

  /** The edges of this stream as edges into the input of a node. */
  protected edgesInto(input: InputIndex, partitioning: Partitioning): readonly DraftEdge[] {
    return this.origins.map((edge) => ({ ...edge, partitioning, input }));
  }

  /** The same of the other stream of a join. */
  protected otherEdges(method: string, other: AnyStream<unknown>, partitioning: Partitioning): readonly DraftEdge[] {
    if (!(other instanceof AnyStream)) {
      this.graph.report(() => `${method}() was given no stream, but ${other === null ? 'null' : typeof other}`);
      return [];
    }
    return this.#isOfThisJob(method, other) ? other.edgesInto(1, partitioning) : [];
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

  protected asyncMapEdges<U>(
    call: (value: T, context: AsyncCall) => PromiseLike<U>,
    options: AsyncMapOptions,
  ): readonly DraftEdge[] {
    this.graph.expectFunction('asyncMap', call);
    const blueprint = asyncMapBlueprint(call as (value: unknown, context: AsyncCall) => PromiseLike<unknown>, options);
    return this.appendBlueprint(blueprint, false);
  }

  protected joinBroadcastEdges<R, Out>(
    table: AnyStream<R>,
    options: BroadcastJoinOptions<T, R, Out>,
  ): readonly DraftEdge[] {
    this.graph.expectFunction('leftKey of joinBroadcast', options.leftKey);
    this.graph.expectFunction('rightKey of joinBroadcast', options.rightKey);
    const blueprint = broadcastJoinBlueprint(options as BroadcastJoinOptions<unknown, unknown, unknown>);
    const edges = [...this.origins, ...this.otherEdges('joinBroadcast', table, 'broadcast')];
    return this.appendBlueprint(blueprint, false, edges);
  }

  protected mergeEdges(others: readonly AnyStream<T>[]): readonly DraftEdge[] {
    return [this, ...others].filter((stream) => this.#isOfThisJob('merge', stream)).flatMap((stream) => stream.origins);
  }

  /** Calls back once per branch, the rest last. */
  protected splitEdges(branches: Branches<T>, onBranch: (name: string, edges: readonly DraftEdge[]) => void): void {
    const predicates = branches as Readonly<Record<string, (value: T) => boolean>>;
    for (const [name, predicate] of Object.entries(predicates)) {
      this.graph.expectFunction(`the branch '${name}' of split`, predicate);
    }
    const [main] = this.append(splitShape(predicates));
    if (Object.keys(predicates).length === 0)
      this.graph.report((idOf) => `the split '${idOf(main!.from)}' has no branch`, main!.from);
    for (const [i, name] of Object.keys(predicates).entries()) onBranch(name, [{ ...main!, output: i + 1 }]);
    if (Object.hasOwn(predicates, REST_OUTPUT)) {
      this.graph.report(
        (idOf) =>
          `the split '${idOf(main!.from)}' has a branch '${REST_OUTPUT}', which is the name of the unmatched rest`,
        main!.from,
      );
    }
    onBranch(REST_OUTPUT, [main!]);
  }

  /** The edge from a side output of the operator that made this stream; from its main one when there is none of that name. */
  protected sideEdges(name: string): readonly DraftEdge[] {
    const [main] = this.origins;
    const { shape } = main!.from;
    const output = shape.role === 'operator' ? shape.outputs.indexOf(name, 1) : -1;
    if (output > 0) return [{ ...main!, output }];
    this.graph.report(
      (idOf) => `the ${shape.kind} '${idOf(main!.from)}' declares no side output '${name}'`,
      main!.from,
    );
    return [main!];
  }

  #isOfThisJob(method: string, stream: AnyStream<unknown>): boolean {
    if (stream.graph === this.graph) return true;
    this.graph.report(() => `${method}() was given a stream of job '${stream.graph.job}'`);
    return false;
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

/** Branch names are data: a branch called `__proto__` is an ordinary property. */
export function defineBranch(streams: Record<string, unknown>, name: string, stream: unknown): void {
  Object.defineProperty(streams, name, { value: stream, enumerable: true, configurable: true });
}
