/**
 * Keeps the latest row of each key in a table inside the state directory. The rows of an epoch are written in the epoch's
 * own transaction, so table, state and offsets agree at every commit.
 *
 * Rows are encoded as they are written, not at the marker: an error names the record that caused it, later changes to
 * the object have no effect, and the marker costs a copy of bytes only. Of the rows a key gets in one epoch the last wins,
 * so the transaction has one row per changed key however many records came.
 */
import { encodeKey } from '../codec/key-codec.ts';
import { RowBlockBuilder } from '../codec/row-block.ts';
import { encodeValue } from '../codec/value-codec.ts';
import {
  type ConnectorDescription,
  canonicalKey,
  type Delivery,
  type Key,
  type PreparedOutput,
  type SinkConnector,
  type SinkWriter,
  type SinkWriterContext,
  type StreamRecord,
} from '../model/index.ts';
import { OptionCheck } from './option-check.ts';

export interface TableSinkOptions<T> {
  /** The row's key in the table. Rows of one key must come from one subtask (`keyBy` the same key) to have an order. */
  readonly key: (row: T) => Key;
  /** What is stored; the row itself by default. `undefined` deletes the row of that key. */
  readonly value?: (row: T) => unknown;
  /** Name of the table; by default the name of the sink. Letters, digits, `-`, `_` and `.`, at most 100. */
  readonly name?: string;
}

const TABLE_NAME = /^[\w.-]{1,100}$/;

/**
 * @example sinks.table({ key: (row) => row.origin })
 */
export function tableSink<T>(options: TableSinkOptions<T>): SinkConnector<T> {
  const check = new OptionCheck('sinks.table');
  check.keys(options, ['key', 'value', 'name']);
  check.require(typeof options.key === 'function', 'key', 'must be a function of the row');
  check.require(
    options.value === undefined || typeof options.value === 'function',
    'value',
    'must be a function of the row',
  );
  check.require(
    options.name === undefined || TABLE_NAME.test(options.name),
    'name',
    'must be 1 to 100 letters, digits, "-", "_" or "."',
  );
  check.finish();
  return new TableSink(options);
}

class TableSink<T> implements SinkConnector<T> {
  readonly delivery: Delivery = 'committed';
  readonly #options: TableSinkOptions<T>;

  constructor(options: TableSinkOptions<T>) {
    this.#options = options;
  }

  describe(): ConnectorDescription {
    const { name } = this.#options;
    return { type: 'table', label: name ?? 'table', identity: name === undefined ? {} : { name } };
  }

  createWriter(context: SinkWriterContext): SinkWriter<T> {
    return new TableSinkWriter(this.#options.name ?? context.node, this.#options);
  }
}

interface EncodedRow {
  readonly key: Uint8Array;
  value: Uint8Array | undefined;
}

class TableSinkWriter<T> implements SinkWriter<T> {
  readonly #table: string;
  readonly #keyOf: (row: T) => Key;
  readonly #valueOf: ((row: T) => unknown) | undefined;
  readonly #rows: Map<Key, EncodedRow> = new Map();

  constructor(table: string, options: TableSinkOptions<T>) {
    this.#table = table;
    this.#keyOf = options.key;
    this.#valueOf = options.value;
  }

  write(record: StreamRecord<T>): void {
    const row = record.value;
    const key = canonicalKey(this.#keyOf(row));
    const stored = this.#valueOf === undefined ? row : this.#valueOf(row);
    const value = stored === undefined ? undefined : encodeValue(stored);
    const known = this.#rows.get(key);
    if (known === undefined) this.#rows.set(key, { key: encodeKey(key), value });
    else known.value = value;
  }

  prepare(): PreparedOutput {
    if (this.#rows.size === 0) return {};
    const builder = new RowBlockBuilder();
    for (const { key, value } of this.#rows.values()) builder.add(key, value);
    const { count } = builder;
    this.#rows.clear();
    return { rows: { table: this.#table, block: builder.take(), count } };
  }

  close(): void {
    this.#rows.clear();
  }
}
