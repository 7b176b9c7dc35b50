/**
 * Elements of one JSON array that fills a file. Looks at strings and brackets only; whether an element is JSON is for the
 * parser to say. A record is everything from behind the separator before it to the comma or bracket that ends it.
 *
 * Damage is told, not guessed around: an element with an unclosed string or bracket reaches to the end of the file.
 */
import type { RecordScanner } from './record-scanner.ts';

const BACKSLASH = 92;
const COMMA = 44;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const QUOTE = 34;

/** `opening`: before `[`. `foreign`: the file begins with something else. `closed`: behind the array's `]`. */
type Phase = 'opening' | 'foreign' | 'element' | 'closed';

export class JsonArrayScanner implements RecordScanner {
  lead = 0;
  #phase: Phase;
  #isFirst = false;
  #hasContent = false;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** `isAtStart`: the next byte is the first of the file; otherwise that of an element, or behind the array. */
  constructor(isAtStart: boolean, isClosed: boolean) {
    this.#phase = isClosed ? 'closed' : isAtStart ? 'opening' : 'element';
  }

  get isClosed(): boolean {
    return this.#phase === 'closed';
  }

  begin(): void {
    this.lead = 0;
    this.#hasContent = false;
    this.#depth = 0;
    this.#isInString = false;
    this.#isEscaped = false;
  }

  scan(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    if (!this.#hasContent) at = this.#scanLead(bytes, at, to);
    if (at === to || this.#phase !== 'element') return -1;
    return this.#scanElement(bytes, at, to);
  }

  isNothing(contentBytes: number): boolean {
    return contentBytes === 0 && this.#phase === 'closed' && this.#isFirst;
  }

  endOfInput(contentBytes: number): string | undefined {
    const phase = this.#phase;
    this.#phase = 'closed';
    switch (phase) {
      case 'opening':
      case 'foreign':
        return "the file does not begin with '[': format 'json' expects one array of records; for one record a line use format 'jsonl'";
      case 'element':
        return "the file ends inside the array: ']' is missing";
      case 'closed':
        return contentBytes === 0 ? undefined : 'the file goes on behind the end of the array';
    }
  }

  /** White space, and the bracket that opens the array. Returns where content begins. */
  #scanLead(bytes: Uint8Array, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      if (this.#phase === 'opening' && byte === OPEN_BRACKET) {
        this.#phase = 'element';
        this.#isFirst = true;
      } else if (!isSpace(byte)) {
        if (this.#phase === 'opening') this.#phase = 'foreign';
        this.#hasContent = true;
        return i;
      }
      this.lead++;
    }
    return to;
  }

  #scanElement(bytes: Uint8Array, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInString = false;
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#isInString = true;
          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          this.#depth++;
          break;
        case CLOSE_BRACE:
          if (this.#depth > 0) this.#depth--;
          break;
        case CLOSE_BRACKET:
          if (this.#depth-- > 0) break;
          this.#phase = 'closed';
          return i;
        case COMMA:
          if (this.#depth > 0) break;
          this.#isFirst = false;
          return i;
      }
    }
    return -1;
  }
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}
