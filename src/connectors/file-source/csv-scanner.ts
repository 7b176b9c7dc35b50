/**
 * Rows of RFC 4180: a newline ends a row unless it is inside a quoted field. A quote opens a field only as its first byte;
 * elsewhere it is an ordinary byte here, and an error for `csv-row.ts`, so that a stray quote does not swallow the rows
 * behind it.
 */
import type { RecordScanner } from './record-scanner.ts';

const NEWLINE = 10;
const QUOTE = 34;

const FIELD_START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** Behind a quote inside a quoted field: another quote is an escaped one, anything else ends the field. */
const QUOTE_SEEN = 3;

export class CsvScanner implements RecordScanner {
  readonly lead: number = 0;
  readonly isClosed: boolean = false;
  readonly #delimiter: number;
  #state = FIELD_START;

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  begin(): void {
    this.#state = FIELD_START;
  }

  scan(bytes: Uint8Array, from: number, to: number): number {
    const delimiter = this.#delimiter;
    let state = this.#state;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      if (state === QUOTED) {
        if (byte === QUOTE) state = QUOTE_SEEN;
      } else if (byte === NEWLINE) {
        this.#state = state;
        return i;
      } else if (byte === delimiter) {
        state = FIELD_START;
      } else if (byte === QUOTE && state !== PLAIN) {
        state = QUOTED;
      } else {
        state = PLAIN;
      }
    }
    this.#state = state;
    return -1;
  }

  isNothing(contentBytes: number): boolean {
    return contentBytes === 0;
  }

  endOfInput(): string | undefined {
    return this.#state === QUOTED ? 'the file ends inside a quoted field' : undefined;
  }
}
