/**
 * The expressions of a node of a job file, by field: what a later start compares with (`storage/decide-compatibility.ts`).
 * Pure.
 *
 * Left out is what may change under a key and states that stay: the module of a `process` or an `asyncMap`, and what a join makes of a match.
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

/** `undefined` when the node has none. */
export function expressionsOf(
  config: SourceConfig | TransformConfig | SinkConfig,
): Readonly<Record<string, string>> | undefined {
  const expressions: [string, string][] = [];
  for (const place of PLACES) {
    const text = valueAt(config, place);
    if (typeof text === 'string') expressions.push([place.join('.'), text]);
  }
  if ('left' in config) return Object.freeze(Object.fromEntries(expressions));
  if ('value' in config && config.value !== undefined) expressions.push(['value', config.value]);
  for (const group of GROUPS) {
    for (const [field, text] of Object.entries((valueAt(config, [group]) ?? {}) as Record<string, string>)) {
      expressions.push([`${group}.${field}`, text]);
    }
  }
  if ((config.type === 'map' || config.type === 'flatMap') && config.module !== undefined) {
    expressions.push(['module', config.export === undefined ? config.module : `${config.module} ${config.export}`]);
  }
  return expressions.length === 0 ? undefined : Object.freeze(Object.fromEntries(expressions));
}
