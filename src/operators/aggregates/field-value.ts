/**
 * What aggregates take from a field of a record, and how they refuse it.
 *
 * They follow SQL: `null` and `undefined` are passed over. Anything else of the wrong kind, NaN included, is an error: one NaN would
 * make the running result of its key NaN for ever.
 */
import { OperatorError } from '../../model/index.ts';

export type Numeric = number | null | undefined;

/** What has an order: values of one of these types, never of two. Text is compared by UTF-16 code units, as `<` does. */
export type Ordered = number | string | bigint | Date;

/** What can be told apart by value. */
export type Scalar = number | string | bigint | boolean;

/** `number` where the field is always a number, `number | null` where it may be missing. */
export type NumberResult<N> = N extends number ? number : number | null;

/** As {@link NumberResult}, for fields with an order: no literal types, which a smallest value would keep. */
export type OrderedResult<V> = V extends number
  ? number
  : V extends string
    ? string
    : V extends bigint
      ? bigint
      : V extends Date
        ? Date
        : null;

/** `undefined` for a missing value. Adding 0 turns -0 into 0: they are equal, and must not differ in an output. */
export function toNumber(aggregate: string, value: unknown): number | undefined {
  if (typeof value === 'number' && !Number.isNaN(value)) return value + 0;
  if (value === null || value === undefined) return undefined;
  throw refusal(aggregate, 'numbers', value);
}

/** As {@link toNumber}, for aggregates that an infinity would spoil. */
export function toFinite(aggregate: string, value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  if (value === null || value === undefined) return undefined;
  throw refusal(aggregate, 'finite numbers', value);
}

/** `undefined` for a missing value. */
export function toScalar(aggregate: string, value: unknown): Scalar | undefined {
  switch (typeof value) {
    case 'number':
      return value + 0;
    case 'string':
    case 'bigint':
    case 'boolean':
      return value;
    default:
      if (value === null || value === undefined) return undefined;
      throw refusal(aggregate, 'strings, numbers, bigints and booleans', value);
  }
}

/** `undefined` for a missing value. */
export function toOrdered(aggregate: string, value: unknown): Ordered | undefined {
  if (typeof value === 'number' && !Number.isNaN(value)) return value + 0;
  if (typeof value === 'string' || typeof value === 'bigint') return value;
  if (value === null || value === undefined) return undefined;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  throw refusal(aggregate, 'numbers, strings, bigints or dates', value);
}

/** Negative, zero or positive. Throws `OperatorError` for values of two types: there is no order between them. */
export function compareOrdered(aggregate: string, a: Ordered, b: Ordered): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a !== typeof b) {
    throw new OperatorError(
      `${aggregate} compares values of one type, and ${shown(a)} came where there was ${shown(b)} before`,
    );
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function refusal(aggregate: string, taken: string, value: unknown): OperatorError {
  return new OperatorError(`${aggregate} takes ${taken} (null and undefined are passed over), not ${shown(value)}`);
}

const SHOWN_MAX = 40;

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_MAX));
  if (typeof value === 'number') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : 'a date';
  return typeof value;
}
