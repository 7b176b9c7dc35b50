/**
 * The expressions of a node of a job file, by field: what a later start compares with (`storage/decide-compatibility.ts`).
 * Pure.
 *
 * Apart from the others is what may change under a key and states that stay: the module of a `process` or an `asyncMap`, and what a join
 * makes of a match.
 */
import { valueAt } from './describe-issue.ts';
import type { SinkConfig, SourceConfig, TransformConfig } from './job-file.ts';
import type { JsonPath } from './problem.ts';

/** Where expressions may stand; all that is text below a group is one. */
const PLACES: readonly JsonPath[] = [
  ['key'],
  ['where'],
  ['list'],
  ['isDelete'],
  ['left', 'key'],
  ['right', 'key'],
  ['window', 'gapMs'],
  ['eventTime', 'field'],
  ['eventTime', 'expression'],
  ['eventTime', 'unit'],
];
const GROUPS = ['fields', 'routes', 'values'] as const;

type Texts = Readonly<Record<string, string>>;
type NodeConfig = SourceConfig | TransformConfig | SinkConfig;

/** What gives state and committed output their meaning; `undefined` when the node has none. */
export function expressionsOf(config: NodeConfig): Texts | undefined {
  const expressions: [string, string][] = [];
  for (const place of PLACES) {
    const text = valueAt(config, place);
    if (typeof text === 'string') expressions.push([place.join('.'), text]);
  }
  if ('left' in config) return Object.freeze(Object.fromEntries(expressions));
  expressions.push(...valuesOf(config));
  if (config.type === 'map' || config.type === 'flatMap') expressions.push(...moduleOf(config));
  return expressions.length === 0 ? undefined : Object.freeze(Object.fromEntries(expressions));
}

/** What only makes results, and may change; `undefined` when the node has none, or is of a kind that has none. */
export function resultsOf(config: NodeConfig): Texts | undefined {
  if ('left' in config) return Object.freeze(Object.fromEntries(valuesOf(config)));
  if (config.type !== 'process' && config.type !== 'asyncMap') return undefined;
  return Object.freeze(Object.fromEntries(moduleOf(config)));
}

function valuesOf(config: NodeConfig): [string, string][] {
  const value = valueAt(config, ['value']);
  const values: [string, string][] = typeof value === 'string' ? [['value', value]] : [];
  for (const group of GROUPS) {
    for (const [field, text] of Object.entries((valueAt(config, [group]) ?? {}) as Texts)) {
      values.push([`${group}.${field}`, text]);
    }
  }
  return values;
}

function moduleOf(config: {
  readonly module?: string | undefined;
  readonly export?: string | undefined;
}): [string, string][] {
  const { module, export: name } = config;
  return module === undefined ? [] : [['module', name === undefined ? module : `${module} ${name}`]];
}
