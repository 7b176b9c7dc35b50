/**
 * The expressions of a node of a job file, by field: what a later start compares with (`storage/decide-compatibility.ts`).
 * Pure.
 *
 * The module of a `process` is left out: it is the body of a function, which may change under a key and states that stay.
 */
import type { SinkConfig, SourceConfig, TransformConfig } from './job-file.ts';

const SINGLE_FIELDS = ['key', 'where', 'value', 'list'] as const;
const FIELD_GROUPS = ['fields', 'routes', 'values'] as const;

/** `undefined` when the node has none. */
export function expressionsOf(
  config: SourceConfig | TransformConfig | SinkConfig,
): Readonly<Record<string, string>> | undefined {
  const given: Readonly<Record<string, unknown>> = { ...config };
  const expressions: [string, string][] = [];
  for (const field of SINGLE_FIELDS) {
    const text = given[field];
    if (typeof text === 'string') expressions.push([field, text]);
  }
  for (const group of FIELD_GROUPS) {
    for (const [field, text] of Object.entries((given[group] ?? {}) as Record<string, string>)) {
      expressions.push([`${group}.${field}`, text]);
    }
  }
  if ((config.type === 'map' || config.type === 'flatMap') && config.module !== undefined) {
    expressions.push(['module', config.export === undefined ? config.module : `${config.module} ${config.export}`]);
  }
  return expressions.length === 0 ? undefined : Object.freeze(Object.fromEntries(expressions));
}
