/**
 * The faithful form of values that msgpackr alone would change: fields named `__proto__`, Maps, text that UTF-8
 * decoders change, objects without a prototype. The value is rewritten as a tree of arrays, each headed by a tag, which
 * msgpackr carries exactly. Slower and larger than the plain form; chosen only when `value-domain.ts` asks for it.
 *
 * Expects values that passed {@link inspectValue}.
 */
import { CorruptionError } from '../model/index.ts';
import { isPackable } from './value-domain.ts';

const TAG_OBJECT = 0;
const TAG_BARE_OBJECT = 1;
const TAG_ARRAY = 2;
const TAG_MAP = 3;
const TAG_SET = 4;
const TAG_TEXT = 5;

type Escaped = readonly [tag: number, ...parts: unknown[]];

export function escapeValue(value: unknown): unknown {
  if (typeof value === 'string') return isPackable(value) ? value : [TAG_TEXT, Buffer.from(value, 'utf16le')];
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return tagged(TAG_ARRAY, value);
  if (value instanceof Map) return tagged(TAG_MAP, [...value].flat(1));
  if (value instanceof Set) return tagged(TAG_SET, [...value]);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return tagged(TAG_OBJECT, Object.entries(value).flat(1));
  if (prototype === null) return tagged(TAG_BARE_OBJECT, Object.entries(value).flat(1));
  return value;
}

export function unescapeValue(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const [tag, ...parts] = value as unknown as Escaped;
  switch (tag) {
    case TAG_OBJECT:
      return withFields({}, parts);
    case TAG_BARE_OBJECT:
      return withFields(Object.create(null) as object, parts);
    case TAG_ARRAY:
      return parts.map(unescapeValue);
    case TAG_MAP:
      return new Map(pairs(parts));
    case TAG_SET:
      return new Set(parts.map(unescapeValue));
    case TAG_TEXT:
      return Buffer.from(parts[0] as Uint8Array).toString('utf16le');
    default:
      throw new CorruptionError(
        `an escaped value has the unknown tag ${String(tag)}; it was written by a newer version`,
      );
  }
}

function tagged(tag: number, parts: readonly unknown[]): unknown[] {
  const escaped: unknown[] = [tag];
  for (const part of parts) escaped.push(escapeValue(part));
  return escaped;
}

/** Defines, never assigns: `object['__proto__'] = x` would change the prototype instead of adding a field. */
function withFields(object: object, parts: readonly unknown[]): object {
  for (const [field, value] of pairs(parts)) {
    Object.defineProperty(object, field as string, { value, writable: true, enumerable: true, configurable: true });
  }
  return object;
}

function pairs(parts: readonly unknown[]): [unknown, unknown][] {
  const result: [unknown, unknown][] = [];
  for (let i = 0; i < parts.length; i += 2) result.push([unescapeValue(parts[i]), unescapeValue(parts[i + 1])]);
  return result;
}
