/**
 * Collects everything wrong with the options of one connector, so that a user sees all of it at once. Pure.
 */
import { OptionError } from '../model/index.ts';

export class OptionCheck {
  readonly #owner: string;
  readonly #problems: string[] = [];

  /** `owner` is the factory as the user wrote it: `sources.file`. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  problem(path: string, what: string): void {
    this.#problems.push(`${path}: ${what}`);
  }

  require(condition: boolean, path: string, what: string): void {
    if (!condition) this.problem(path, what);
  }

  /** Keys outside `known` are typing errors of callers that the compiler does not see. */
  keys(options: object, known: readonly string[]): void {
    for (const key of Object.keys(options)) {
      if (!known.includes(key)) this.problem(key, `unknown option; known are ${known.join(', ')}`);
    }
  }

  /** The value, or `fallback` where none is given; a whole number in `min .. max`. */
  integer(value: number | undefined, fallback: number, path: string, min: number, max: number): number {
    if (value === undefined) return fallback;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    this.problem(path, `must be a whole number from ${min} to ${max}, not ${String(value)}`);
    return fallback;
  }

  oneOf<T extends string>(value: T | undefined, fallback: T, path: string, allowed: readonly T[]): T {
    if (value === undefined) return fallback;
    if (allowed.includes(value)) return value;
    this.problem(path, `must be one of ${allowed.map((name) => `'${name}'`).join(', ')}, not ${JSON.stringify(value)}`);
    return fallback;
  }

  nonEmptyString(value: unknown, path: string): void {
    this.require(
      typeof value === 'string' && value !== '' && !value.includes('\0'),
      path,
      'must be a non-empty string',
    );
  }

  /** Throws `OptionError` with all problems, if there is one. */
  finish(): void {
    if (this.#problems.length === 0) return;
    const problems = this.#problems.map((problem) => `${this.#owner}: ${problem}`);
    throw new OptionError(problems.join('; '), problems);
  }
}
