/**
 * Keeps back what a task writes to an `immediate` sink until the task has taken its claim: of two attempts that run at a time,
 * one writes. The bound is the batch (I8).
 */
import type { Epoch, PreparedOutput, RecordStamp, SinkWriter, StreamRecord } from '../model/index.ts';

export class HeldSinkWriter implements SinkWriter {
  readonly #writer: SinkWriter;
  readonly #stamp: RecordStamp = { epoch: 0, sequence: 0 };
  #records: StreamRecord[] = [];

  constructor(writer: SinkWriter) {
    this.#writer = writer;
  }

  write(record: StreamRecord, { epoch }: RecordStamp): void {
    this.#stamp.epoch = epoch;
    this.#records.push(record);
  }

  /** The claim is taken: writes in the order of arrival. */
  release(): void {
    const records = this.#records;
    this.#records = [];
    for (this.#stamp.sequence = 0; this.#stamp.sequence < records.length; this.#stamp.sequence++) {
      this.#writer.write(records[this.#stamp.sequence]!, this.#stamp);
    }
    if (records.length > 0) this.#writer.flush?.();
  }

  prepare(epoch: Epoch): PreparedOutput | Promise<PreparedOutput> {
    return this.#writer.prepare(epoch);
  }

  close(): void {
    this.#records = [];
    this.#writer.close();
  }
}
