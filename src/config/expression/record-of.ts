import { putOwn } from './compile-node.ts';

/** A new plain object with one field per entry, in order. */
export function recordOf<E extends { readonly name: string }>(
  entries: readonly E[],
  value: (entry: E) => unknown,
): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const entry of entries) putOwn(record, entry.name, value(entry));
  return record;
}
