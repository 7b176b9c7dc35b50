/**
 * Reads JSON text strictly and remembers where each value stands. `JSON.parse` is not enough for a job file: it keeps the
 * last of two equal keys in silence, names no path, and its messages differ between versions of Node.
 *
 * Objects have no prototype, and `__proto__`, `constructor`, `prototype` are refused as keys: nothing that a file says can
 * reach a prototype. Nesting is bounded, so that a hostile file cannot exhaust the stack.
 */
import { formatPath, type JsonPath, type Problem, type TextPlace } from './problem.ts';

export interface JsonText {
  /** `undefined` when the text is no JSON at all. */
  readonly value: unknown;
  /** Syntax (the first error only), duplicate keys and refused keys (all). */
  readonly problems: readonly Problem[];
  /** Where the value at `path` (or, if it is absent, the nearest value around it) begins. */
  placeOf(path: JsonPath): TextPlace;
}

export const JSON_DEPTH_MAX: number = 32;

const REFUSED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export function readJsonText(text: string): JsonText {
  const reader = new JsonReader(text);
  const value = reader.read();
  return {
    value,
    problems: reader.problems,
    placeOf: (path) => reader.placeAt(reader.offsetOf(path)),
  };
}

class JsonSyntaxError extends Error {}

class JsonReader {
  readonly problems: Problem[] = [];
  readonly #text: string;
  readonly #offsets = new Map<string, number>();
  #at = 0;
  #lineStarts: readonly number[] | undefined;

  constructor(text: string) {
    this.#text = text.charCodeAt(0) === 0xfeff ? ` ${text.slice(1)}` : text;
  }

  read(): unknown {
    try {
      const value = this.#value([]);
      this.#space();
      if (this.#at < this.#text.length) this.#fail('something follows the end of the JSON value');
      return value;
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      const { line, column } = this.placeAt(this.#at);
      this.problems.push({ path: [], message: `not valid JSON at line ${line}, column ${column}: ${error.message}` });
      return undefined;
    }
  }

  offsetOf(path: JsonPath): number {
    for (let length = path.length; length > 0; length--) {
      const offset = this.#offsets.get(formatPath(path.slice(0, length)));
      if (offset !== undefined) return offset;
    }
    return 0;
  }

  placeAt(offset: number): TextPlace {
    this.#lineStarts ??= lineStartsOf(this.#text);
    let low = 0;
    for (let high = this.#lineStarts.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - this.#lineStarts[low]! + 1 };
  }

  #value(path: JsonPath): unknown {
    if (path.length > JSON_DEPTH_MAX) this.#fail(`nested deeper than ${JSON_DEPTH_MAX} levels`);
    this.#space();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(path);
      case '[':
        return this.#array(path);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(path: JsonPath): Record<string, unknown> {
    const object = Object.create(null) as Record<string, unknown>;
    this.#at++;
    if (this.#takes('}')) return object;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#fail('a key in double quotes is expected here');
      const offset = this.#at;
      const key = this.#string();
      const inner = [...path, key];
      if (!this.#takes(':')) this.#fail(`a colon is expected after the key ${JSON.stringify(key)}`);
      const isRefused = REFUSED_KEYS.has(key);
      if (key in object) {
        const first = this.placeAt(this.offsetOf(inner)).line;
        const second = this.placeAt(offset).line;
        this.problems.push({
          path: inner,
          message: `duplicate key: given in line ${first} and again in line ${second}`,
        });
      } else this.#offsets.set(formatPath(inner), offset);
      if (isRefused)
        this.problems.push({ path: inner, message: 'this key is refused: it names a part of every object' });
      const value = this.#value(inner);
      if (!isRefused && !(key in object)) object[key] = value;
      if (this.#takes('}')) return object;
      if (!this.#takes(',')) this.#fail('a comma or } is expected here');
    }
  }

  #array(path: JsonPath): unknown[] {
    const array: unknown[] = [];
    this.#at++;
    if (this.#takes(']')) return array;
    for (;;) {
      this.#space();
      const inner = [...path, array.length];
      this.#offsets.set(formatPath(inner), this.#at);
      array.push(this.#value(inner));
      if (this.#takes(']')) return array;
      if (!this.#takes(',')) this.#fail('a comma or ] is expected here');
    }
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1;
    if (end >= this.#text.length) this.#fail('a string without an end');
    this.#at = end + 1;
    try {
      return JSON.parse(this.#text.slice(start, end + 1)) as string;
    } catch {
      this.#at = start;
      return this.#fail('a string with an invalid escape, a tab or a line break; write \\t or \\n');
    }
  }

  #number(): number {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = this.#at;
    const digits = pattern.exec(this.#text)?.[0];
    if (digits === undefined) {
      if (this.#at >= this.#text.length) this.#fail('the text ends where a value is expected');
      const found = this.#text[this.#at]!;
      const hint =
        found === '/' ? ' (JSON has no comments)' : found === '}' || found === ']' ? ' (a comma too many)' : '';
      this.#fail(`a value is expected here, not ${JSON.stringify(found)}${hint}`);
    }
    const value = Number(digits);
    if (!Number.isFinite(value)) this.#fail(`the number ${digits} is too large`);
    this.#at += digits.length;
    return value;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail(`a value is expected here; did you mean ${word}?`);
    this.#at += word.length;
    return value;
  }

  #takes(mark: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #fail(message: string): never {
    throw new JsonSyntaxError(message);
  }
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
