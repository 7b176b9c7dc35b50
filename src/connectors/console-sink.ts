/**
 * Writes records to standard output (or standard error) as they come: delivery `immediate`, at least once. After a restart
 * records of an unfinished epoch appear again, under stamps of a later generation: {@link ImmediateStamp} says how a reader
 * finds out what they replace.
 *
 * Writes to the descriptor directly and synchronously: `process.stdout` of a worker goes through the main thread and loses what
 * is in flight when the process dies.
 *
 * I8: at most {@link PENDING_BYTES_MAX} characters wait for a slow reader; then the subtask waits with them.
 */
import { writeSync } from 'node:fs';
import {
  type Clock,
  type ConnectorDescription,
  ConnectorError,
  type Delivery,
  type PreparedOutput,
  type RecordStamp,
  type SinkConnector,
  type SinkWriter,
  type SinkWriterContext,
  type StreamRecord,
} from '../model/index.ts';
import { jsonText } from './json-text.ts';
import { OptionCheck } from './option-check.ts';

export interface ConsoleSinkOptions {
  /**
   * `json` (default): one object a line, `{"generation":2,"firstEpoch":3,"epoch":4,"sequence":17,"subtask":0,"value":...}`.
   * `text`: the stamp as `2:3:4:17:0`, in the same order, a space, then the value (strings as they are, everything else as JSON).
   */
  readonly format?: 'json' | 'text';
  /** Whether lines carry their {@link ImmediateStamp}; default true. Without it `json` writes the bare value. */
  readonly stamp?: boolean;
  /** Default `stdout`. */
  readonly stream?: 'stdout' | 'stderr';
}

/** Writes bytes and returns how many were taken; throws as `fs.writeSync` does. A port for tests. @internal */
export type WriteBytes = (bytes: Uint8Array) => number;

const PENDING_BYTES_MAX = 1024 * 1024;
/** How long a reader of the stream may take nothing before the generation ends. */
const STALL_MS = 30_000;
const RETRY_MS = 2;

/**
 * @example sinks.console({ format: 'text' })
 */
export function consoleSink<T = unknown>(options: ConsoleSinkOptions = {}): SinkConnector<T> {
  const check = new OptionCheck('sinks.console');
  check.keys(options, ['format', 'stamp', 'stream']);
  const format = check.oneOf(options.format, 'json', 'format', ['json', 'text']);
  const stream = check.oneOf(options.stream, 'stdout', 'stream', ['stdout', 'stderr']);
  check.require(options.stamp === undefined || typeof options.stamp === 'boolean', 'stamp', 'must be true or false');
  check.finish();
  return new ConsoleSink(format, options.stamp ?? true, stream);
}

class ConsoleSink<T> implements SinkConnector<T> {
  readonly delivery: Delivery = 'immediate';
  readonly #format: 'json' | 'text';
  readonly #hasStamp: boolean;
  readonly #stream: 'stdout' | 'stderr';

  constructor(format: 'json' | 'text', hasStamp: boolean, stream: 'stdout' | 'stderr') {
    this.#format = format;
    this.#hasStamp = hasStamp;
    this.#stream = stream;
  }

  describe(): ConnectorDescription {
    return { type: 'console', label: this.#stream, identity: {} };
  }

  createWriter(context: SinkWriterContext): SinkWriter<T> {
    const descriptor = this.#stream === 'stdout' ? 1 : 2;
    return new ConsoleSinkWriter<T>({
      format: this.#format,
      hasStamp: this.#hasStamp,
      context,
      write: (bytes) => writeSync(descriptor, bytes),
    });
  }
}

interface ConsoleSinkWriterOptions {
  readonly format: 'json' | 'text';
  readonly hasStamp: boolean;
  readonly context: Pick<SinkWriterContext, 'clock' | 'node' | 'subtask' | 'generation' | 'firstEpoch'>;
  readonly write: WriteBytes;
}

/** @internal Exported for tests of slow and broken streams. */
export class ConsoleSinkWriter<T> implements SinkWriter<T> {
  readonly #options: ConsoleSinkWriterOptions;
  readonly #clock: Clock;
  #lines = '';
  /** What the stream has not taken yet, in front of `#lines`. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(options: ConsoleSinkWriterOptions) {
    this.#options = options;
    this.#clock = options.context.clock;
  }

  write(record: StreamRecord<T>, stamp: RecordStamp): void {
    this.#lines += `${this.#line(record.value, stamp)}\n`;
    if (this.#lines.length + this.#rest.length >= PENDING_BYTES_MAX) this.#writeAll();
  }

  /** Gives the stream what it takes now. */
  flush(): void {
    this.#writeSome();
  }

  /** An epoch of an `immediate` sink may commit only when its lines are written: at least once. */
  prepare(): PreparedOutput | Promise<PreparedOutput> {
    return this.#writeSome() ? {} : this.#writeLater(this.#clock.monotonic() + STALL_MS);
  }

  close(): void {
    this.#lines = '';
    this.#rest = new Uint8Array(0);
  }

  #line(value: T, { epoch, sequence }: RecordStamp): string {
    const { context, format, hasStamp } = this.#options;
    const { generation, firstEpoch, subtask } = context;
    if (format === 'text') {
      const text = typeof value === 'string' ? value : jsonText(value);
      return hasStamp ? `${generation}:${firstEpoch}:${epoch}:${sequence}:${subtask} ${text}` : text;
    }
    const text = jsonText(value);
    return hasStamp
      ? `{"generation":${generation},"firstEpoch":${firstEpoch},"epoch":${epoch},"sequence":${sequence},"subtask":${subtask},"value":${text}}`
      : text;
  }

  /** One attempt; true when nothing is left. */
  #writeSome(): boolean {
    if (this.#rest.length === 0 && this.#lines !== '') {
      this.#rest = Buffer.from(this.#lines, 'utf8');
      this.#lines = '';
    }
    while (this.#rest.length > 0) {
      const taken = this.#attempt(this.#rest);
      if (taken === 0) return false;
      this.#rest = this.#rest.subarray(taken);
      if (this.#rest.length === 0 && this.#lines !== '') return this.#writeSome();
    }
    return true;
  }

  /** Waits on the spot: the bound is reached and nothing more may be taken. */
  #writeAll(): void {
    const deadline = this.#clock.monotonic() + STALL_MS;
    while (!this.#writeSome()) if (this.#clock.monotonic() > deadline) throw this.#stalled();
  }

  async #writeLater(deadline: number): Promise<PreparedOutput> {
    while (!this.#writeSome()) {
      if (this.#clock.monotonic() > deadline) throw this.#stalled();
      await new Promise<void>((resolve) => this.#clock.schedule(RETRY_MS, resolve));
    }
    return {};
  }

  #attempt(bytes: Uint8Array): number {
    try {
      return this.#options.write(bytes);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException | null)?.code;
      // A full pipe that somebody has made non-blocking: nothing is wrong.
      if (code === 'EAGAIN') return 0;
      const { node } = this.#options.context;
      if (code === 'EPIPE') {
        throw new ConnectorError(
          `sink '${node}' cannot write to its output stream: the program that reads it has ended; start the job with a reader, or write to a file sink`,
          { node, recovery: 'none', cause: error },
        );
      }
      throw new ConnectorError(
        `sink '${node}' cannot write to its output stream (${code ?? String(error)}); check where it leads`,
        {
          node,
          cause: error,
        },
      );
    }
  }

  #stalled(): ConnectorError {
    const { node } = this.#options.context;
    return new ConnectorError(
      `sink '${node}': the reader of its output stream has taken nothing for ${STALL_MS / 1000} s; make it read, or write to a file sink`,
      { node },
    );
  }
}
