/** A keyed stream cut into windows: what `window` returns and `aggregate` ends. */
import type { Key } from '../model/index.ts';
import {
  type AggregatorFields,
  type ResultOf,
  type TimeWindow,
  type WindowDefinition,
  type WindowOptions,
  windowBlueprint,
} from '../operators/index.ts';
import type { DraftEdge, GraphDraft } from './graph-draft.ts';
import { mainOutputOf } from './graph-draft.ts';
import { blueprintShape } from './node-shapes.ts';
import { reportFieldNames } from './report-field-names.ts';
import { SideStream } from './stream.ts';

/** Names that rows of windows use for themselves. */
const WINDOW_ROW_NAMES = ['key', 'windowStart', 'windowEnd', 'isFinal'] as const;

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
  aggregate<Fields extends AggregatorFields<T> & { readonly [Name in (typeof WINDOW_ROW_NAMES)[number]]?: never }>(
    fields: Fields,
  ): SideStream<WindowRow<K, Definition, Options, Fields>, { readonly late: T }> {
    const definition = this.#definition;
    const blueprint = windowBlueprint(definition, fields as AggregatorFields<unknown>, this.#options);
    const node = this.#graph.add(blueprintShape(blueprint, goesByEventTime(definition)), this.#edges);
    for (const problem of blueprint.problems) {
      this.#graph.report((idOf) => `the ${blueprint.kind} '${idOf(node)}': ${problem}`);
    }
    reportFieldNames(this.#graph, node, Object.keys(fields), WINDOW_ROW_NAMES);
    return new SideStream(this.#graph, mainOutputOf(node));
  }
}

function goesByEventTime(definition: WindowDefinition): boolean {
  return definition.kind !== 'count' && definition.kind !== 'global' && definition.time !== 'processing';
}
