/** The types that a join may have, and one sentence for another. */
import { suggest } from '../../model/index.ts';
import type { JoinType } from './join-definition.ts';

export const JOIN_TYPES: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];

/** Of joins with a table, of which nothing comes that no record asks for. */
export const TABLE_JOIN_TYPES: readonly JoinType[] = ['inner', 'left'];

export function findTypeProblems(type: string, allowed: readonly string[]): readonly string[] {
  if (allowed.includes(type)) return [];
  const known = suggest(type, allowed);
  const hint = known === undefined ? `one of ${allowed.map((name) => `'${name}'`).join(', ')}` : `'${known}'`;
  return [`there is no join of type '${type}' here; use ${hint}`];
}
