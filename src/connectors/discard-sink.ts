/** Takes records and drops them: for benchmarks, and for jobs whose result is their state. */
import type { ConnectorDescription, Delivery, PreparedOutput, SinkConnector, SinkWriter } from '../model/index.ts';

const NOTHING: PreparedOutput = Object.freeze({});

export function discardSink<T = unknown>(): SinkConnector<T> {
  return new DiscardSink();
}

class DiscardSink<T> implements SinkConnector<T> {
  /** Of nothing, nothing can be seen too early, or twice. */
  readonly delivery: Delivery = 'committed';

  describe(): ConnectorDescription {
    return { type: 'discard', label: 'discard', identity: {} };
  }

  createWriter(): SinkWriter<T> {
    return { write: () => {}, prepare: () => NOTHING, close: () => {} };
  }
}
