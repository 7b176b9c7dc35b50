/**
 * Frees decoded values from the batch they came in. msgpackr's native decoder hands out strings as slices of one large
 * string per batch, and V8 keeps the whole of it alive for any slice of 13 characters or more: measured here, one
 * 26-character string of a batch of 512 kept 6 KiB. State that holds such strings would outgrow every bound on its memory.
 */
const SHARED_LENGTH_MIN = 13;

/** Replaces long strings by copies of their own, in place where it can. Returns what to use instead of `value`. */
export function detachStrings(value: unknown): unknown {
  if (typeof value === 'string') return detachString(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === 'string' || typeof item === 'object') value[i] = detachStrings(item);
    }
    return value;
  }
  if (value instanceof Set) return new Set([...value].map(detachStrings));
  if (value instanceof Map || value instanceof Date || ArrayBuffer.isView(value)) return value;
  const fields = value as Record<string, unknown>;
  for (const field in fields) {
    const item = fields[field];
    if (typeof item === 'string' || typeof item === 'object') fields[field] = detachStrings(item);
  }
  return value;
}

/** The concatenation is flattened into a new string, and the slice then refers to that: length + 1 characters in all. */
function detachString(text: string): string {
  return text.length < SHARED_LENGTH_MIN ? text : ` ${text}`.slice(1);
}
