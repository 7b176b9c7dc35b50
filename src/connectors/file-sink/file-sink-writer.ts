/**
 * The worker's half of the file sink: turns records into lines and appends them to the segment of its epoch.
 *
 * Nothing here is visible to readers of the target and nothing is synced; that is the committer's part. A segment is never
 * written to after its token was handed over (I1), and belongs to one generation, epoch, subtask and attempt (I10). A writer that
 * is closed before it hands over its segment takes it away.
 */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { checksum } from '../../codec/checksum.ts';
import {
  assert,
  type CommitToken,
  ConnectorError,
  type Epoch,
  type PreparedOutput,
  type RecordStamp,
  type SinkWriter,
  type SinkWriterContext,
  type StreamRecord,
} from '../../model/index.ts';
import { type SegmentToken, segmentName } from './file-sink-token.ts';
import type { LineEncoder } from './line-encoder.ts';

/** Characters of lines that are gathered before they go to the segment: what is left for the marker to write. */
const GATHER_CHARS = 64 * 1024;

export class FileSinkWriter<T> implements SinkWriter<T> {
  readonly #context: SinkWriterContext;
  readonly #encode: LineEncoder;
  #lines = '';
  #epoch: Epoch = 0;
  #name = '';
  #descriptor = -1;
  #bytes = 0;
  #crc = 0;

  constructor(context: SinkWriterContext, encode: LineEncoder) {
    this.#context = context;
    this.#encode = encode;
  }

  write(record: StreamRecord<T>, stamp: RecordStamp): void {
    this.#epoch = stamp.epoch;
    this.#lines += this.#encode(record.value);
    if (this.#lines.length >= GATHER_CHARS) this.#spill();
  }

  prepare(epoch: Epoch): PreparedOutput {
    this.#context.crashPoint?.('sink.file.prepare.before');
    const isEmpty = this.#lines === '' && this.#bytes === 0;
    assert(isEmpty || this.#epoch === epoch, `I1: lines of epoch ${this.#epoch} would go into epoch ${epoch}`);
    this.#spill();
    this.#closeSegment();
    const token: SegmentToken & CommitToken = { name: this.#name, bytes: this.#bytes, crc: this.#crc };
    this.#name = '';
    this.#bytes = 0;
    this.#crc = 0;
    this.#context.crashPoint?.('sink.file.prepare.after');
    return { token };
  }

  /** What was not handed over leaves no trace: nobody will ask for it. */
  close(): void {
    this.#closeSegment();
    this.#lines = '';
    if (this.#name !== '') this.#removeSegment();
  }

  #spill(): void {
    if (this.#lines === '') return;
    const bytes = Buffer.from(this.#lines, 'utf8');
    this.#lines = '';
    try {
      if (this.#descriptor === -1) this.#openSegment();
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
    } catch (error) {
      throw this.#writeError(error);
    }
    this.#crc = checksum(bytes, this.#crc);
    this.#bytes += bytes.length;
  }

  #openSegment(): void {
    const { attempt, generation, pendingDirectory, subtask } = this.#context;
    this.#name = segmentName({ generation, epoch: this.#epoch, subtask, attempt });
    mkdirSync(pendingDirectory, { recursive: true, mode: 0o700 });
    // 'wx': two subtasks, attempts or processes of one generation in one segment would be a bug; better to stop than to mix.
    this.#descriptor = openSync(join(pendingDirectory, this.#name), 'wx', 0o600);
  }

  #removeSegment(): void {
    try {
      rmSync(join(this.#context.pendingDirectory, this.#name), { force: true });
    } catch {
      // Whatever forbids it, the next restore tries again; an attempt that nobody needs must not fail over it.
    }
    this.#name = '';
    this.#bytes = 0;
    this.#crc = 0;
  }

  #closeSegment(): void {
    if (this.#descriptor === -1) return;
    closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  #writeError(error: unknown): ConnectorError {
    const { node, pendingDirectory } = this.#context;
    const reason = error instanceof Error ? error.message : String(error);
    return new ConnectorError(
      `sink '${node}' cannot write its pending output in ${pendingDirectory}: ${reason}; check space and permissions of the state directory`,
      { node, cause: error },
    );
  }
}
