/** Keys that exclude each other, or need each other, which JSON Schema says badly. Pure. */
import { valueAt } from './describe-issue.ts';
import type { JsonPath, Problem } from './problem.ts';

interface Choice {
  /** Where the keys stand in the node. */
  readonly at?: JsonPath;
  readonly keys: readonly string[];
  /** Why one of them is needed, if it is. */
  readonly isNeeded: boolean;
  readonly because?: string;
}

const EVENT_TIME: Choice = { at: ['eventTime'], keys: ['field', 'expression'], isNeeded: true };
const JOINED: Choice = { keys: ['fields', 'value'], isNeeded: false };
const BOUND: Choice = {
  keys: ['within', 'retentionMs'],
  isNeeded: true,
  because: 'without a bound every record of both sides would be kept for ever',
};

const CHOICES: Readonly<Record<string, readonly Choice[]>> = {
  'sources.file': [EVENT_TIME],
  'sources.generator': [{ keys: ['fields', 'value'], isNeeded: true }, EVENT_TIME],
  'transforms.map': [{ keys: ['fields', 'value', 'module'], isNeeded: true }],
  'transforms.flatMap': [{ keys: ['list', 'module'], isNeeded: true }],
  'transforms.join': [BOUND, JOINED],
  'transforms.windowJoin': [JOINED],
  'transforms.tableJoin': [JOINED],
  'transforms.broadcastJoin': [JOINED],
};

/** Keys that mean something only beside another. */
const COMPANIONS: readonly (readonly [key: string, companion: string, message: string])[] = [
  ['export', 'module', 'an export needs a module'],
  ...['emit', 'allowedLatenessMs', 'early', 'completeEveryMs', 'local'].map(
    (key) => [key, 'window', `${JSON.stringify(key)} needs a window`] as const,
  ),
];

/** By scope of a deduplication: the key it needs. */
const SCOPES: Readonly<Record<string, string | undefined>> = {
  watermark: 'withinMs',
  ttl: 'ttlMs',
  forever: undefined,
};

const ROW_NAMES: Readonly<Record<string, string>> = {
  windowStart: '"windowStart" is the name that a row gives to the start of its window',
  windowEnd: '"windowEnd" is the name that a row gives to the end of its window',
  isFinal: '"isFinal" is the name by which rows tell early results from final ones',
};

/** `value` is a job file after its keys have been mended. */
export function checkChoices(value: unknown): readonly Problem[] {
  return (['sources', 'transforms'] as const).flatMap((section) => {
    const nodes = valueAt(value, [section]);
    const names = typeof nodes === 'object' && nodes !== null ? Object.keys(nodes) : [];
    return names.flatMap((name) => {
      const path = [section, name];
      const type = String(valueAt(value, [...path, 'type']));
      return [
        ...(CHOICES[`${section}.${type}`] ?? []).flatMap((choice) => choiceProblems(value, path, choice)),
        ...companionProblems(value, path),
        ...(type === 'deduplicate' ? scopeProblems(value, path) : []),
        ...rowNameProblems(value, path),
      ];
    });
  });
}

function choiceProblems(value: unknown, node: JsonPath, { at = [], keys, isNeeded, because }: Choice): Problem[] {
  const path = [...node, ...at];
  if (at.length > 0 && valueAt(value, path) === undefined) return [];
  const given = keys.filter((key) => valueAt(value, [...path, key]) !== undefined);
  const wanted = keys.map((key) => JSON.stringify(key)).join(' or ');
  const reason = because === undefined ? '' : `: ${because}`;
  if (given.length === 0 && isNeeded) return [{ path, message: `one of ${wanted} is needed${reason}` }];
  if (given.length > 1) return [{ path, message: `only one of ${wanted} can be given, not ${given.join(' and ')}` }];
  return [];
}

function companionProblems(value: unknown, node: JsonPath): Problem[] {
  const has = (key: string): boolean => valueAt(value, [...node, key]) !== undefined;
  return COMPANIONS.filter(([key, companion]) => has(key) && !has(companion)).map(([key, , message]) => ({
    path: [...node, key],
    message,
  }));
}

function scopeProblems(value: unknown, node: JsonPath): Problem[] {
  const scope = valueAt(value, [...node, 'scope']);
  if (typeof scope !== 'string' || !Object.hasOwn(SCOPES, scope)) return [];
  const has = (key: string): boolean => valueAt(value, [...node, key]) !== undefined;
  const needed = SCOPES[scope];
  const problems: Problem[] = [];
  if (needed !== undefined && !has(needed)) {
    problems.push({ path: node, message: `the scope ${JSON.stringify(scope)} needs ${JSON.stringify(needed)}` });
  }
  for (const key of ['withinMs', 'ttlMs'].filter((key) => key !== needed && has(key))) {
    const message = `${JSON.stringify(key)} does not go with the scope ${JSON.stringify(scope)}`;
    problems.push({ path: [...node, key], message });
  }
  return problems;
}

function rowNameProblems(value: unknown, node: JsonPath): Problem[] {
  const isWindowed = valueAt(value, [...node, 'window']) !== undefined;
  const taken = isWindowed ? { key: KEY_NAME, ...ROW_NAMES } : { key: KEY_NAME };
  return Object.entries(taken).flatMap(([name, message]) => {
    const path = [...node, 'values', name];
    return valueAt(value, path) === undefined ? [] : [{ path, message: `${message}; call this value something else` }];
  });
}

const KEY_NAME = '"key" is the name that a row gives to its key';
