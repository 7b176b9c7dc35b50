/** What can be wrong with the options that several joins have in common: one sentence each. */
import { suggest } from '../../model/index.ts';
import type { JoinType } from './join-definition.ts';

export const JOIN_TYPES: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];

export function findTypeProblems(type: string, allowed: readonly string[]): readonly string[] {
  if (allowed.includes(type)) return [];
  const known = suggest(type, allowed);
  const hint = known === undefined ? `one of ${allowed.map((name) => `'${name}'`).join(', ')}` : `'${known}'`;
  return [`there is no join of type '${type}' here; use ${hint}`];
}

/** Durations are whole milliseconds, from `leastMs` on. */
export function findDurationProblems(
  name: string,
  durationMs: unknown,
  leastMs: number = Number.MIN_SAFE_INTEGER,
): readonly string[] {
  if (Number.isSafeInteger(durationMs) && (durationMs as number) >= leastMs) return [];
  const bound = leastMs === Number.MIN_SAFE_INTEGER ? '' : `, at least ${leastMs}`;
  return [`'${name}' is a whole number of milliseconds${bound}, not ${String(durationMs)}`];
}
