/**
 * Counts what reaches sinks and picks the records whose latency is measured: from when a record was due at its source until its
 * sink has it. Each engine says when that is.
 *
 * At low rates every record is measured. A clock read costs about as much as a small operator, so within one step only the
 * first {@link DENSE} records and then every {@link STRIDE}-th are.
 */
import type { MonotonicMs, StreamRecord } from '../model/index.ts';

const DENSE = 4;
const STRIDE = 64;

export class SinkProbe {
  readonly #measure: (ingestTime: MonotonicMs, records: number) => void;
  #written = 0;
  #total = 0;
  #inStep = 0;

  /** `measure` is called with one record that stands for so many. */
  constructor(measure: (ingestTime: MonotonicMs, records: number) => void) {
    this.#measure = measure;
  }

  /** A step begins: its first records are measured one by one. */
  stepBegins(): void {
    this.#inStep = 0;
  }

  written(record: StreamRecord): void {
    this.#written++;
    const at = this.#inStep++;
    if (at >= DENSE && at % STRIDE !== 0) return;
    this.#measure(record.ingestTime, at < DENSE ? 1 : STRIDE);
  }

  /** Records written since the last take. */
  takeWritten(): number {
    const written = this.#written;
    this.#total += written;
    this.#written = 0;
    return written;
  }

  /** Records written since the start of the generation. */
  total(): number {
    return this.#total + this.#written;
  }

  /** Records written in the step that is under way. */
  writtenInStep(): number {
    return this.#inStep;
  }
}
