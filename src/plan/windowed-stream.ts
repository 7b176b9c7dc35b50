/** A keyed stream cut into windows: what `window` returns and `aggregate` ends. */
import type { Key } from '../model/index.ts';
import {
  type AggregatorFields,
  localWindowBlueprints,
  type OperatorBlueprint,
  type ResultOf,
  type TimeWindow,
  type WindowDefinition,
  type WindowOptions,
  windowBlueprint,
} from '../operators/index.ts';
import type { DraftEdge, DraftNode, GraphDraft } from './graph-draft.ts';
import { mainOutputOf } from './graph-draft.ts';
import { blueprintShape } from './node-shapes.ts';
import { reportFieldNames } from './report-field-names.ts';
import { LocalWindowStream, SideStream } from './stream.ts';

/** Names that rows of windows use for themselves. */
const WINDOW_ROW_NAMES = ['key', 'windowStart', 'windowEnd', 'isFinal'] as const;

/** Aggregates under names that rows do not use for themselves. */
type WindowFields<T> = AggregatorFields<T> & { readonly [Name in (typeof WINDOW_ROW_NAMES)[number]]?: never };

/** What rows say besides their values, by kind of window and by whether results are emitted early. */
type RowFrame<K, Definition, Options> = { readonly key: K } & (Definition extends TimeWindow<never>
  ? { readonly windowStart: number; readonly windowEnd: number }
  : unknown) &
  (Options extends { readonly early: object } ? { readonly isFinal: boolean } : unknown);

/**
 * The row a window emits: `{ key, windowStart, windowEnd, ...values }` where windows have a start and an end (milliseconds),
 * `{ key, ...values }` elsewhere; with `isFinal` where results are emitted early.
 */
export type WindowRow<K, Definition, Options, Fields> = RowFrame<K, Definition, Options> & {
  readonly [Field in keyof Fields]: ResultOf<Fields[Field]>;
};

export class WindowedStream<T, K extends Key, Definition, Options> {
  readonly #graph: GraphDraft;
  readonly #edges: readonly DraftEdge[];
  readonly #definition: WindowDefinition;
  readonly #options: WindowOptions;

  /** @internal `edges` lead from the keyed stream, by key. */
  constructor(graph: GraphDraft, edges: readonly DraftEdge[], definition: WindowDefinition, options: WindowOptions) {
    this.#graph = graph;
    this.#edges = edges;
    this.#definition = definition;
    this.#options = options;
  }

  /**
   * Aggregates of each window of each key. Records that came too late for every window they belong to are at `side('late')`; they are
   * counted whether anybody reads them or not.
   *
   * @example
   * ```ts
   * const hourly = flights
   *   .keyBy((flight) => flight.origin)
   *   .window(windows.tumbling({ sizeMs: 3_600_000 }))
   *   .aggregate({ flights: aggregates.count() });
   * hourly.side('late').to('too-late', sinks.file({ path: 'late.jsonl' }));
   * ```
   */
  aggregate<Fields extends WindowFields<T>>(
    fields: Fields,
    options?: { readonly local?: false | undefined },
  ): SideStream<WindowRow<K, Definition, Options, Fields>, { readonly late: T }>;
  /**
   * As above, with local aggregation: the subtasks that read the records aggregate them first, and send one partial aggregate for all
   * records of a key, pane and step. Same results. For few keys, or some that most records have: where nearly every record of a step has a key
   * of its own nothing is gained. Late records are counted, but cannot be read. For tumbling, sliding and calendar windows in event time that
   * show each result once, with aggregates that can merge.
   */
  aggregate<Fields extends WindowFields<T>>(
    fields: Fields,
    options: { readonly local: true },
  ): LocalWindowStream<WindowRow<K, Definition, Options, Fields>>;
  aggregate(fields: AggregatorFields<T>, { local = false }: { readonly local?: boolean | undefined } = {}): unknown {
    const node = local ? this.#addLocal(fields) : this.#add(this.#blueprint(fields), this.#edges);
    reportFieldNames(this.#graph, node, Object.keys(fields), WINDOW_ROW_NAMES);
    const edges = mainOutputOf(node);
    return local ? new LocalWindowStream(this.#graph, edges) : new SideStream(this.#graph, edges);
  }

  #blueprint(fields: AggregatorFields<T>): OperatorBlueprint {
    return windowBlueprint(this.#definition, fields as AggregatorFields<unknown>, this.#options);
  }

  /** The partial aggregates stay where the records are; the exchange is behind them. */
  #addLocal(fields: AggregatorFields<T>): DraftNode {
    const { partial, window } = localWindowBlueprints(
      this.#definition,
      fields as AggregatorFields<unknown>,
      this.#options,
    );
    const before = this.#edges.map((edge) => ({ ...edge, partitioning: 'forward' }) as const);
    const reduced = this.#graph.add(blueprintShape(partial, false), before);
    return this.#add(window, [{ ...mainOutputOf(reduced)[0]!, partitioning: this.#edges[0]!.partitioning }]);
  }

  #add(blueprint: OperatorBlueprint, edges: readonly DraftEdge[]): DraftNode {
    const node = this.#graph.add(blueprintShape(blueprint, goesByEventTime(this.#definition)), edges);
    for (const problem of blueprint.problems) {
      this.#graph.report((idOf) => `the ${blueprint.kind} '${idOf(node)}': ${problem}`, node);
    }
    return node;
  }
}

function goesByEventTime(definition: WindowDefinition): boolean {
  return definition.kind !== 'count' && definition.kind !== 'global' && definition.time !== 'processing';
}
