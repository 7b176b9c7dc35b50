/**
 * One value as one line of JSON (without the newline).
 *
 * JSON carries less than the value domain of Millrace. What happens to the rest, everywhere Millrace writes JSON:
 * NaN and the infinities become `null`; a `Date` its ISO string; a `Map` an array of `[key, value]` pairs; a `Set` an
 * array; -0 becomes 0; `undefined` and functions vanish from objects and become `null` in arrays and as a whole record.
 * BigInt and cyclic values are refused: writing something else in their place would lose data in silence.
 */
import { ValueError } from '../model/index.ts';

/** Throws `ValueError` that names the path of what JSON cannot carry. */
export function jsonText(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
    // JSON writes collections as {}: only then is the slow way worth a look.
    if (text?.includes('{}')) text = JSON.stringify(value, collectionsAsArrays);
  } catch (error) {
    throw new ValueError(
      `a record cannot be written as JSON: ${describeObstacle(value, error)}; convert it in a map before the sink`,
      { cause: error },
    );
  }
  return text ?? 'null';
}

function collectionsAsArrays(_key: string, value: unknown): unknown {
  return value instanceof Map || value instanceof Set ? [...value] : value;
}

function describeObstacle(value: unknown, error: unknown): string {
  const path = findBigInt(value, 'record', new Set());
  if (path !== undefined) return `${path} is a BigInt`;
  return error instanceof Error ? (error.message.split('\n')[0] ?? error.message) : 'a toJSON method threw';
}

function findBigInt(value: unknown, path: string, seen: Set<object>): string | undefined {
  if (typeof value === 'bigint') return path;
  if (typeof value !== 'object' || value === null || seen.has(value)) return undefined;
  seen.add(value);
  const entries: Iterable<readonly [unknown, unknown]> =
    value instanceof Map || value instanceof Set ? [...value].entries() : Object.entries(value);
  for (const [key, member] of entries) {
    const found = findBigInt(
      member,
      typeof key === 'number' || Array.isArray(value) ? `${path}[${key}]` : `${path}.${String(key)}`,
      seen,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
