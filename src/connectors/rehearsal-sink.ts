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
  Clock,
  CommitToken,
  ConnectorContext,
  ConnectorDescription,
  Delivery,
  Epoch,
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
import { appendVisibility, DueCounter, type DueCounts } from './visibility-log.ts';

export interface RehearsalSinkOptions {
  /** Absolute. The file must not exist when the run begins. */
  readonly path: string;
  /** Write down when records became visible (`visibility-log.ts`). */
  readonly isTimed: boolean;
}

export function rehearsalSink({ path, isTimed }: RehearsalSinkOptions): SinkConnector {
  return new RehearsalSink(resolveFileSinkOptions({ path }), isTimed);
}

class RehearsalSink implements SinkConnector {
  readonly delivery: Delivery = 'committed';
  readonly #settings: FileSinkSettings;
  readonly #isTimed: boolean;

  constructor(settings: FileSinkSettings, isTimed: boolean) {
    this.#settings = settings;
    this.#isTimed = isTimed;
  }

  describe(): ConnectorDescription {
    const { path } = this.#settings;
    return { type: 'rehearsal', label: path, identity: { path } };
  }

  createWriter(context: SinkWriterContext): SinkWriter {
    const writer = new FileSinkWriter<StreamRecord>(context, (record) => lineOf(record as StreamRecord));
    return new RehearsalSinkWriter(writer, this.#isTimed ? new DueCounter() : undefined);
  }

  createCommitter(context: ConnectorContext): SinkCommitter {
    const committer = new FileSinkCommitter(context, this.#settings);
    return this.#isTimed ? new TimedCommitter(committer, this.#settings.path, context.clock) : committer;
  }
}

/** Hands the whole record to the encoder, which otherwise sees values only. */
class RehearsalSinkWriter implements SinkWriter {
  readonly #writer: FileSinkWriter<StreamRecord>;
  readonly #due: DueCounter | undefined;

  constructor(writer: FileSinkWriter<StreamRecord>, due: DueCounter | undefined) {
    this.#writer = writer;
    this.#due = due;
  }

  write(record: StreamRecord, stamp: RecordStamp): void {
    this.#due?.add(record);
    this.#writer.write(record.withValue(record), stamp);
  }

  prepare(epoch: Epoch): PreparedOutput {
    const { token, ...output } = this.#writer.prepare(epoch);
    return this.#due === undefined
      ? { token, ...output }
      : { ...output, token: { file: token, due: this.#due.take() } };
  }

  close(): void {
    this.#writer.close();
  }
}

/** The file sink's committer, with an eye on the clock. What it adds to tokens goes no further than `seal`. */
class TimedCommitter implements SinkCommitter {
  readonly #committer: SinkCommitter;
  readonly #path: string;
  readonly #clock: Clock;
  /** Of epochs that are sealed and not yet visible: one at most, since epochs commit in order (I2). */
  #sealed: DueCounts = [];

  constructor(committer: SinkCommitter, path: string, clock: Clock) {
    this.#committer = committer;
    this.#path = path;
    this.#clock = clock;
  }

  restore(token: CommitToken | undefined): Promise<void> {
    return this.#committer.restore(token);
  }

  seal(epoch: Epoch, tokens: readonly CommitToken[]): Promise<CommitToken> {
    this.#sealed = tokens.flatMap((token) => token['due'] as DueCounts);
    return this.#committer.seal(
      epoch,
      tokens.map((token) => token['file'] as CommitToken),
    );
  }

  async commit(token: CommitToken): Promise<void> {
    await this.#committer.commit(token);
    if (this.#sealed.length > 0)
      appendVisibility(this.#path, { visibleAt: this.#clock.monotonic(), due: this.#sealed });
    this.#sealed = [];
  }

  close(): Promise<void> {
    return this.#committer.close();
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
