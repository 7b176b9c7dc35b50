/**
 * Stored values as JSON, for people and for other programs. Pure. What JSON has no word for gets one: BigInt becomes its
 * digits, Date its ISO form, bytes base64, Set and Map lists, and NaN and the infinities their names.
 */
import { escapeText } from './escape-text.ts';

/** One line; the text of strings is JSON, so control characters are escaped, and those that JSON lets pass too (S11). */
export function renderValue(value: unknown): string {
  const text = JSON.stringify(plain(value));
  return text === undefined ? 'null' : escapeText(text, Number.POSITIVE_INFINITY);
}

function plain(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return value.toString();
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      return value === null ? null : plainObject(value);
    default:
      return value;
  }
}

function plainObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Set) return [...value].map(plain);
  if (value instanceof Map) return [...value].map(([key, inner]) => [plain(key), plain(inner)]);
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, inner] of Object.entries(value)) copy[key] = plain(inner);
  return copy;
}
