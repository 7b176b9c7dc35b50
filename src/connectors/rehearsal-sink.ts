/**
 * Stands in for a sink of a job that is tried out: a committed file of comparable lines instead of the real target.
 *
 * One line per record, `{"key":...,"value":...}` (no `key` where the record has none): two runs wrote the same exactly when their
 * lines are the same. Values that JSON would merge (NaN with null, a Map with an empty object) get a tagged form, so that a
 * difference is never hidden; what JSON has one form for is written as `JSON.stringify` writes it, which costs the run as little
 * as a sink of JSON lines.
 *
 * Exactly once by the file sink's own writer and committer: nothing of that is repeated here.
 */
import type {
  ConnectorContext,
  ConnectorDescription,
  Delivery,
  PreparedOutput,
  RecordStamp,
  SinkCommitter,
  SinkConnector,
  SinkWriter,
  SinkWriterContext,
  StreamRecord,
} from '../model/index.ts';
import { FileSinkCommitter } from './file-sink/file-sink-committer.ts';
import { type FileSinkSettings, resolveFileSinkOptions } from './file-sink/file-sink-options.ts';
import { FileSinkWriter } from './file-sink/file-sink-writer.ts';

/** `path` is absolute. The file must not exist when the run begins. */
export function rehearsalSink(path: string): SinkConnector {
  return new RehearsalSink(resolveFileSinkOptions({ path }));
}

class RehearsalSink implements SinkConnector {
  readonly delivery: Delivery = 'committed';
  readonly #settings: FileSinkSettings;

  constructor(settings: FileSinkSettings) {
    this.#settings = settings;
  }

  describe(): ConnectorDescription {
    const { path } = this.#settings;
    return { type: 'rehearsal', label: path, identity: { path } };
  }

  createWriter(context: SinkWriterContext): SinkWriter {
    return new RehearsalSinkWriter(
      new FileSinkWriter<StreamRecord>(context, (record) => lineOf(record as StreamRecord)),
    );
  }

  createCommitter(context: ConnectorContext): SinkCommitter {
    return new FileSinkCommitter(context, this.#settings);
  }
}

/** Hands the whole record to the encoder, which otherwise sees values only. */
class RehearsalSinkWriter implements SinkWriter {
  readonly #writer: FileSinkWriter<StreamRecord>;

  constructor(writer: FileSinkWriter<StreamRecord>) {
    this.#writer = writer;
  }

  write(record: StreamRecord, stamp: RecordStamp): void {
    this.#writer.write(record.withValue(record), stamp);
  }

  prepare(epoch: number): PreparedOutput {
    return this.#writer.prepare(epoch);
  }

  close(): void {
    this.#writer.close();
  }
}

function lineOf({ key, value }: StreamRecord): string {
  const text = comparableText(value);
  return key === undefined ? `{"value":${text}}\n` : `{"key":${comparableText(key)},"value":${text}}\n`;
}

/** JSON in which different values of the value domain have different texts (but for -0, and a Date with its ISO string). */
export function comparableText(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
    // Only where a value may have lost something: NaN became null, a Map became {}.
    if (text !== undefined && !text.includes('{}') && !text.includes('null')) return text;
  } catch {
    // A bigint. What is wrong otherwise (a cycle) is thrown again below.
  }
  return JSON.stringify(value, tagged) ?? '{"$undefined":true}';
}

function tagged(_field: string, value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return { $bigint: value.toString() };
    case 'number':
      return Number.isFinite(value) ? value : { $number: String(value) };
    case 'undefined':
      return { $undefined: true };
    default:
  }
  if (value instanceof Map) return { $map: [...value] };
  if (value instanceof Set) return { $set: [...value] };
  if (ArrayBuffer.isView(value))
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  return value;
}
