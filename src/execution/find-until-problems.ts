/** What is wrong with an `until` that may come from plain JavaScript. Pure. */
import { suggest } from '../model/index.ts';
import type { Until } from './decide-stop.ts';
import { type OptionProblem, showValue } from './option-problem.ts';

/** By kind: the one field it has. */
const FIELDS: Readonly<Record<Until['kind'], string | undefined>> = {
  end: undefined,
  idle: undefined,
  records: 'records',
  duration: 'durationMs',
};

export function findUntilProblems(until: unknown): readonly OptionProblem[] {
  const kinds = Object.keys(FIELDS);
  const list = kinds.map((kind) => `"${kind}"`).join(', ');
  if (typeof until !== 'object' || until === null || Array.isArray(until)) {
    return [{ path: 'until', message: `must be an object with a kind (${list}), not ${showValue(until)}` }];
  }
  const given = until as Readonly<Record<string, unknown>>;
  const kind = given['kind'];
  if (typeof kind !== 'string' || !isKind(kind)) {
    const suggestion = typeof kind === 'string' ? suggest(kind, kinds) : undefined;
    return [{ path: 'until.kind', message: `must be one of ${list}, not ${showValue(kind)}`, suggestion }];
  }
  const field = FIELDS[kind];
  const problems: OptionProblem[] = [];
  for (const name of Object.keys(given)) {
    if (name === 'kind' || name === field) continue;
    const message = `no such field beside kind "${kind}"`;
    problems.push({ path: `until.${name}`, message, suggestion: suggest(name, field === undefined ? [] : [field]) });
  }
  if (field === undefined) return problems;
  const amount = given[field];
  const isWhole = kind === 'duration' || Number.isSafeInteger(amount);
  if (typeof amount !== 'number' || !isWhole || !(amount >= 0 && amount < Number.POSITIVE_INFINITY)) {
    const wanted = kind === 'duration' ? 'a number of milliseconds, 0 or more' : 'a whole number of records, 0 or more';
    problems.push({ path: `until.${field}`, message: `must be ${wanted}, not ${showValue(amount)}` });
  }
  return problems;
}

function isKind(kind: string): kind is Until['kind'] {
  return Object.hasOwn(FIELDS, kind);
}
