import type { SourceConnector } from '../model/index.ts';
import { type GraphDraft, mainOutputOf } from './graph-draft.ts';
import { sourceShape } from './node-shapes.ts';
import { SourceStream } from './stream.ts';

/** What a job definition is given: the place where streams begin. */
export class JobBuilder {
  readonly #graph: GraphDraft;

  /** @internal */
  constructor(graph: GraphDraft) {
    this.#graph = graph;
  }

  /** Begins a stream. Offsets are filed under `name`: it must stay the same over restarts. */
  source<T>(name: string, connector: SourceConnector<T>): SourceStream<T> {
    this.#graph.expectConnector('source', name, connector);
    return new SourceStream(this.#graph, mainOutputOf(this.#graph.add(sourceShape(connector), [], name)));
  }
}
