/**
 * The value domain: what a record, a state value or a dead letter may hold, and the one place that says no.
 *
 * Inside: null, undefined, booleans, numbers, strings (lone surrogates too), bigint within 64 bits, Date, plain objects
 * (own enumerable string-keyed fields, whatever their names), arrays without holes, Map, Set, Buffer, typed arrays, nested
 * at most {@link VALUE_DEPTH_MAX} levels. A value is a tree: an object referenced twice arrives as two. -0 may arrive as 0.
 * Outside: functions, symbols, instances of classes, boxed primitives, cycles. They are refused by name, never changed.
 *
 * The walk is also what keeps msgpackr on the ground where it is faithful: it marks values that need the escaped form.
 */
import { ValueError } from '../model/index.ts';

/** Levels of nesting. msgpackr overflows the stack at about 1,190. */
export const VALUE_DEPTH_MAX: number = 512;

/** Upper bound of the weight (about the encoded bytes) of one value. */
export const VALUE_BYTES_MAX: number = 64 * 1024 * 1024;

/** msgpackr writes field counts of maps in 16 bits. */
const FIELDS_PLAIN_MAX = 0xffff;

/** A deeper path is shown without its middle. */
const STEPS_SHOWN_MAX = 16;

/** Filled by {@link inspectValue}; one object is meant to be used again and again. */
export interface ValueProfile {
  /** Approximate encoded bytes, summed up. */
  weight: number;
  /** Set when msgpackr alone would change the value: see `escaped-value.ts`. Never cleared here. */
  needsEscape: boolean;
}

type WellFormed = string & { isWellFormed(): boolean };

/**
 * False when `text` has a lone surrogate, which UTF-8 cannot carry. (`isWellFormed` is ES2024, present in Node 20, and
 * constant-time for strings of one byte per character.)
 */
export function isWellFormed(text: string): boolean {
  return (text as WellFormed).isWellFormed();
}

/**
 * False for text that msgpackr does not bring back: lone surrogates, and a byte order mark at the start, which it drops
 * from longer strings where its native decoder is missing.
 */
export function isPackable(text: string): boolean {
  return isWellFormed(text) && text.charCodeAt(0) !== BYTE_ORDER_MARK;
}

const BYTE_ORDER_MARK = 0xfeff;

// The steps from the root to the value being looked at. Kept in an array of its own because a path string per field
// would cost more than the walk.
const path: (string | number)[] = new Array<string | number>(VALUE_DEPTH_MAX + 1).fill('');
let root = 'value';
let weightAtStart = 0;

/**
 * Walks `value` and adds to `profile`. Throws `ValueError`, naming the path, for a value outside the domain.
 * `rootPath` is how the message calls the value itself.
 */
export function inspectValue(value: unknown, profile: ValueProfile, rootPath = 'value'): void {
  root = rootPath;
  weightAtStart = profile.weight;
  walk(value, 0, profile);
}

function walk(value: unknown, depth: number, profile: ValueProfile): void {
  switch (typeof value) {
    case 'string':
      profile.weight += value.length + 3;
      if (!isPackable(value)) profile.needsEscape = true;
      return;
    case 'number':
      profile.weight += 9;
      return;
    case 'boolean':
    case 'undefined':
      profile.weight += 3;
      return;
    case 'object':
      if (value === null) profile.weight += 1;
      else walkObject(value, depth, profile);
      return;
    case 'bigint':
      profile.weight += 9;
      if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value) {
        refuse(depth, 'is a bigint beyond 64 bits', 'send it as a string');
      }
      return;
    case 'function':
      refuse(depth, 'is a function', 'records carry data only: send what it computes');
      break;
    case 'symbol':
      refuse(depth, 'is a symbol', 'use a string');
  }
}

function walkObject(value: object, depth: number, profile: ValueProfile): void {
  if (depth >= VALUE_DEPTH_MAX) {
    refuse(depth, `is nested deeper than ${VALUE_DEPTH_MAX} levels, or contains itself`, 'flatten it');
  }
  if (profile.weight - weightAtStart > VALUE_BYTES_MAX) {
    refuse(depth, `takes the value beyond ${VALUE_BYTES_MAX} bytes`, 'split the record into smaller ones');
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) walkFields(value as Record<string, unknown>, depth, profile);
  else if (prototype === Array.prototype) walkItems(value as readonly unknown[], depth, profile);
  else walkRare(value, prototype, depth, profile);
}

function walkFields(value: Record<string, unknown>, depth: number, profile: ValueProfile): void {
  let fields = 0;
  for (const field in value) {
    path[depth] = field;
    fields++;
    profile.weight += field.length;
    // msgpackr renames an own `__proto__`, and keeps its own notes under `__keys__` in the table of record structures:
    // one record with such a field makes later records of the same thread undecodable.
    if (field === '__proto__' || field === '__keys__' || !isPackable(field)) profile.needsEscape = true;
    walk(value[field], depth + 1, profile);
  }
  if (fields > FIELDS_PLAIN_MAX) profile.needsEscape = true;
}

function walkItems(value: readonly unknown[], depth: number, profile: ValueProfile): void {
  profile.weight += 3;
  for (let i = 0; i < value.length; i++) {
    const item = value[i];
    path[depth] = i;
    if (item === undefined && !Object.hasOwn(value, i)) {
      refuse(depth + 1, 'is a hole in an array', 'write undefined or null there');
    }
    walk(item, depth + 1, profile);
  }
}

function walkRare(value: object, prototype: unknown, depth: number, profile: ValueProfile): void {
  if (prototype === null) {
    profile.needsEscape = true;
    walkFields(value as Record<string, unknown>, depth, profile);
  } else if (prototype === Map.prototype) {
    profile.needsEscape = true;
    for (const [key, entry] of value as ReadonlyMap<unknown, unknown>) {
      path[depth] = typeof key === 'string' ? key : '(map key)';
      walk(key, depth + 1, profile);
      path[depth] = typeof key === 'object' ? '(map value)' : String(key);
      walk(entry, depth + 1, profile);
    }
  } else if (prototype === Set.prototype) {
    path[depth] = '(set member)';
    for (const member of value as ReadonlySet<unknown>) walk(member, depth + 1, profile);
  } else if (prototype === Date.prototype) {
    profile.weight += 15;
  } else if (isBytes(prototype)) {
    profile.weight += (value as Uint8Array).byteLength + 8;
  } else {
    refuse(depth, `is ${describeInstance(value)}`, 'turn it into a plain object before emitting it');
  }
}

const BYTES_PROTOTYPES: ReadonlySet<unknown> = new Set<unknown>([
  Buffer.prototype,
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array].map(
    (type) => type.prototype,
  ),
  Float32Array.prototype,
  Float64Array.prototype,
  BigInt64Array.prototype,
  BigUint64Array.prototype,
]);

function isBytes(prototype: unknown): boolean {
  return BYTES_PROTOTYPES.has(prototype);
}

function describeInstance(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an instance of a class';
}

function refuse(depth: number, problem: string, advice: string): never {
  const steps =
    depth <= STEPS_SHOWN_MAX
      ? formatSteps(0, depth)
      : `${formatSteps(0, STEPS_SHOWN_MAX - 4)} ... ${formatSteps(depth - 4, depth)}`;
  throw new ValueError(`${root}${steps} ${problem}, which is outside the value domain; ${advice}`);
}

function formatSteps(from: number, to: number): string {
  return path.slice(from, to).map(formatStep).join('');
}

function formatStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  return /^[\p{ID_Start}_$(][\p{ID_Continue}$ ()]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}
