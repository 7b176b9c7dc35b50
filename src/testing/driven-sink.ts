/**
 * In place of a sink's own connector while a test drives the job: keeps what is written, and knows which of it is committed. What was not
 * is forgotten when the job goes back to its last epoch, as it is in a sink that shows committed rows only.
 */
import { decodeValue, encodeValue } from '../codec/value-codec.ts';
import type {
  ConnectorDescription,
  Delivery,
  Epoch,
  Key,
  PreparedOutput,
  RecordStamp,
  SinkConnector,
  SinkWriter,
  StreamRecord,
  TimestampMs,
} from '../model/index.ts';

/** A record that a job wrote to a sink. */
export interface SinkRow<T = unknown> {
  readonly value: T;
  readonly key: Key | undefined;
  /** Event time; NaN: none. */
  readonly timestamp: TimestampMs;
  /** Of which it is a part. */
  readonly epoch: Epoch;
}

export class DrivenSink implements SinkConnector {
  /** Of no part in what a test sees: rows tell themselves whether they are committed. */
  readonly delivery: Delivery = 'immediate';
  #rows: SinkRow[] = [];
  #taken = 0;
  #committed: Epoch = 0;

  /** As written. */
  get rows(): readonly SinkRow[] {
    return this.#rows;
  }

  get committedRows(): readonly SinkRow[] {
    return this.#rows.filter(({ epoch }) => epoch <= this.#committed);
  }

  take(): readonly SinkRow[] {
    const from = this.#taken;
    this.#taken = this.#rows.length;
    return this.#rows.slice(from);
  }

  committedThrough(epoch: Epoch): void {
    this.#committed = epoch;
  }

  /** The job goes back to its last epoch. */
  restart(): void {
    this.#rows = [...this.committedRows];
    this.#taken = Math.min(this.#taken, this.#rows.length);
  }

  describe(): ConnectorDescription {
    return { type: 'driven', label: 'a test', identity: {} };
  }

  createWriter(): SinkWriter {
    return {
      write: ({ value, key, timestamp }: StreamRecord, { epoch }: RecordStamp) => {
        this.#rows.push({ value: decodeValue(encodeValue(value)), key, timestamp, epoch });
      },
      prepare: (): PreparedOutput => ({}),
      close: () => {},
    };
  }
}
