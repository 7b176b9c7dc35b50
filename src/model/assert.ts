/**
 * Assertions stay on in production. A failed one is a bug in Millrace: the job stops and nothing is retried.
 */
import { MillraceError } from './errors.ts';

/** Raised here only. `recovery` is `none`: repeating the run would repeat the bug. */
export class AssertionError extends MillraceError {
  constructor(message: string) {
    super(`internal error: ${message}. This is a bug in Millrace; please report it with this message`, {
      code: 'ERR_INTERNAL',
      domain: 'internal',
      recovery: 'none',
    });
    this.name = 'AssertionError';
  }
}

/** Throws {@link AssertionError} unless `condition` holds. Name the invariant (`I2: ...`) in the message. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** As {@link assert} where the message would be made in vain for every record: `if (isWrong) fail(...)`. */
export function fail(message: string): never {
  throw new AssertionError(message);
}

/** The end of every switch over a discriminated union. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected value ${JSON.stringify(value)}`);
}
