/** Counts of subtasks that exceed the number of key groups: some subtask would own no key. Pure. */
import { OPTION_TABLE } from '../execution/option-table.ts';
import { describeTooFewKeyGroups } from '../execution/options.ts';
import { valueAt } from './describe-issue.ts';
import type { JsonPath, Problem } from './problem.ts';

/** Types of transforms whose state is spread over the key groups. */
const KEYED: readonly unknown[] = [
  'aggregate',
  'process',
  'join',
  'windowJoin',
  'tableJoin',
  'deduplicate',
  'asyncMap',
];

/** `value` is a job file after its keys have been mended. Counts that are none are left to the schema. */
export function checkKeyGroups(value: unknown): readonly Problem[] {
  const keyGroups = valueAt(value, ['keyGroups']) ?? OPTION_TABLE.keyGroups.fallback;
  if (typeof keyGroups !== 'number') return [];
  const transforms = valueAt(value, ['transforms']);
  const names = typeof transforms === 'object' && transforms !== null ? Object.keys(transforms) : [];
  const keyed = names.filter((name) => KEYED.includes(valueAt(value, ['transforms', name, 'type'])));
  const paths: readonly JsonPath[] = [['parallelism'], ...keyed.map((name) => ['transforms', name, 'parallelism'])];
  return paths.flatMap((path) => {
    const parallelism = valueAt(value, path);
    const isTooMany = typeof parallelism === 'number' && parallelism > keyGroups;
    return isTooMany ? [{ path, message: describeTooFewKeyGroups(parallelism, keyGroups) }] : [];
  });
}
