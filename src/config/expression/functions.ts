/**
 * The functions an expression may call: this table and nothing else. Each is total or fails with a reason, deterministic,
 * and charges for what it copies or scans.
 *
 * Absent on purpose: `matches` (regular expressions of a user can be made to run for ever), the clock, anything of the host.
 */
import { type Evaluation, ExpressionFailure } from './evaluation.ts';
import { parseTimeText } from './parse-time-text.ts';
import { elementsOf, keysOf, type TypeName, toNumber, toText, typeOf } from './values.ts';

export interface ExpressionFunction {
  /** `method`: called as `x.name(...)`, x being the first argument. `both`: either way. */
  readonly form: 'function' | 'method' | 'both';
  /** Arguments, the receiver included. */
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  readonly returns: TypeName;
  call(evaluation: Evaluation, a: unknown, b?: unknown, c?: unknown): unknown;
}

const STRING_LENGTH_MAX = 1 << 24;

export const STANDARD_FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map<string, ExpressionFunction>([
  ['size', entry('both', 1, 1, 'number', sizeOf)],
  ['string', entry('function', 1, 1, 'string', (_, value) => stringOf(value))],
  ['double', entry('function', 1, 1, 'number', (_, value) => doubleOf(value))],
  ['int', entry('function', 1, 1, 'number', (_, value) => intOf(value))],
  ['bool', entry('function', 1, 1, 'bool', (_, value) => boolOf(value))],
  ['timestamp', entry('function', 1, 1, 'time', (_, value) => timeOf(value))],
  ['dyn', entry('function', 1, 1, 'dyn', (_, value) => value)],
  ['contains', text('bool', (_, value, part) => value.includes(toText(part, 'contains')))],
  ['startsWith', text('bool', (_, value, part) => value.startsWith(toText(part, 'startsWith')))],
  ['endsWith', text('bool', (_, value, part) => value.endsWith(toText(part, 'endsWith')))],
  ['indexOf', text('number', (_, value, part) => value.indexOf(toText(part, 'indexOf')))],
  ['lastIndexOf', text('number', (_, value, part) => value.lastIndexOf(toText(part, 'lastIndexOf')))],
  ['lowerAscii', entry('method', 1, 1, 'string', (_, value) => lowerAscii(toText(value, 'lowerAscii')))],
  ['upperAscii', entry('method', 1, 1, 'string', (_, value) => upperAscii(toText(value, 'upperAscii')))],
  ['trim', entry('method', 1, 1, 'string', (_, value) => toText(value, 'trim').trim())],
  [
    'substring',
    entry('method', 2, 3, 'string', (_, value, from, to) => substring(toText(value, 'substring'), from, to)),
  ],
  ['split', text('list', (_, value, separator) => value.split(toText(separator, 'split')))],
  ['join', entry('method', 1, 2, 'string', join)],
  ['math.abs', numeric(Math.abs)],
  ['math.ceil', numeric(Math.ceil)],
  ['math.floor', numeric(Math.floor)],
  ['math.round', numeric((value) => Math.sign(value) * Math.round(Math.abs(value)))],
  ['math.trunc', numeric(Math.trunc)],
  ['math.sqrt', numeric(Math.sqrt)],
  ['math.sign', numeric(Math.sign)],
  ['math.greatest', extremum(Math.max, 'math.greatest')],
  ['math.least', extremum(Math.min, 'math.least')],
]);

/** For generators: drawn from the record's own seeded sequence, hence the same after every restart. */
export const RANDOM_FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map<string, ExpressionFunction>([
  ['random', entry('function', 0, 0, 'number', (evaluation) => draw(evaluation))],
  ['randomInt', entry('function', 2, 2, 'number', randomInt)],
  ['choice', entry('function', 1, 1, 'dyn', choice)],
]);

/** `+` on two strings, bounded in length. */
export function concatenate(evaluation: Evaluation, a: string, b: string): string {
  const length = a.length + b.length;
  if (length > STRING_LENGTH_MAX)
    throw new ExpressionFailure(`the string gets longer than ${STRING_LENGTH_MAX} characters`);
  evaluation.chargeText(length);
  return a + b;
}

type Call = ExpressionFunction['call'];

function entry(
  form: ExpressionFunction['form'],
  argumentsMin: number,
  argumentsMax: number,
  returns: TypeName,
  call: Call,
): ExpressionFunction {
  return { form, argumentsMin, argumentsMax, returns, call };
}

function text(returns: TypeName, call: (e: Evaluation, value: string, part: unknown) => unknown): ExpressionFunction {
  return entry('method', 2, 2, returns, (evaluation, value, part) => {
    const whole = toText(value, 'this method');
    evaluation.chargeText(whole.length);
    return call(evaluation, whole, part);
  });
}

function numeric(call: (value: number) => number): ExpressionFunction {
  return entry('function', 1, 1, 'number', (_, value) => call(toNumber(value, 'this function')));
}

function extremum(pick: (a: number, b: number) => number, name: string): ExpressionFunction {
  return entry('function', 1, 3, 'number', (evaluation, a, b, c) => {
    const values = b === undefined && Array.isArray(a) ? a : [a, b, c].filter((value) => value !== undefined);
    if (values.length === 0) throw new ExpressionFailure(`${name} of an empty list is not defined`);
    evaluation.charge(values.length);
    return values.map((value) => toNumber(value, name)).reduce((best, value) => pick(best, value));
  });
}

function sizeOf(evaluation: Evaluation, value: unknown): number {
  switch (typeOf(value)) {
    case 'string':
      evaluation.chargeText((value as string).length);
      return countCodePoints(value as string);
    case 'list':
      return elementsOf(value).length;
    case 'map':
      return keysOf(value as object).length;
    case 'bytes':
      return (value as ArrayBufferView).byteLength;
    default:
      throw new ExpressionFailure(`size needs a string, list or map, not a ${typeOf(value)}`);
  }
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function stringOf(value: unknown): string {
  switch (typeOf(value)) {
    case 'string':
    case 'number':
    case 'bool':
      return String(value);
    case 'time':
      return (value as Date).toISOString();
    default:
      throw new ExpressionFailure(`string() needs a string, number, bool or time, not a ${typeOf(value)}`);
  }
}

function doubleOf(value: unknown): number {
  if (typeof value !== 'string') return toNumber(value, 'double()');
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (Number.isNaN(number))
    throw new ExpressionFailure(`double() cannot read ${JSON.stringify(value.slice(0, 40))} as a number`);
  return number;
}

function intOf(value: unknown): number {
  const number = Math.trunc(value instanceof Date ? value.getTime() : doubleOf(value));
  if (Number.isSafeInteger(number)) return number === 0 ? 0 : number;
  throw new ExpressionFailure(`int(): ${number} is no integer that a number can hold exactly`);
}

function timeOf(value: unknown): Date {
  if (value instanceof Date) return value;
  const time = new Date(typeof value === 'string' ? parseTimeText(value) : toNumber(value, 'timestamp()'));
  if (!Number.isNaN(time.getTime())) return time;
  throw new ExpressionFailure(`timestamp() cannot read ${JSON.stringify(String(value).slice(0, 40))} as a time`);
}

function boolOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new ExpressionFailure('bool() needs true, false, "true" or "false"');
}

function lowerAscii(value: string): string {
  return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function upperAscii(value: string): string {
  return value.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

function substring(value: string, from: unknown, to: unknown): string {
  const start = toNumber(from, 'substring');
  const end = to === undefined ? value.length : toNumber(to, 'substring');
  if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= value.length)) {
    throw new ExpressionFailure(`substring(${start}, ${end}) is outside of a string of ${value.length} characters`);
  }
  return value.substring(start, end);
}

function join(evaluation: Evaluation, list: unknown, separator: unknown = ''): string {
  const parts = elementsOf(list).map((part) => toText(part, 'join'));
  const between = toText(separator, 'join');
  const length = parts.reduce((sum, part) => sum + part.length + between.length, 0);
  if (length > STRING_LENGTH_MAX)
    throw new ExpressionFailure(`the string gets longer than ${STRING_LENGTH_MAX} characters`);
  evaluation.chargeText(length + parts.length);
  return parts.join(between);
}

function draw(evaluation: Evaluation): number {
  if (evaluation.random === undefined) throw new ExpressionFailure('there is no randomness here');
  return evaluation.random();
}

function randomInt(evaluation: Evaluation, first: unknown, last: unknown): number {
  const from = Math.ceil(toNumber(first, 'randomInt'));
  const to = Math.floor(toNumber(last, 'randomInt'));
  if (!(from <= to))
    throw new ExpressionFailure(`randomInt(${from}, ${to}): the first number must not be above the last`);
  return from + Math.floor(draw(evaluation) * (to - from + 1));
}

function choice(evaluation: Evaluation, list: unknown): unknown {
  const elements = elementsOf(list);
  if (elements.length === 0) throw new ExpressionFailure('choice() of an empty list is not defined');
  return elements[Math.floor(draw(evaluation) * elements.length)];
}
