/** Windows, joins and the rest of a job file as the options that operators take in TypeScript; expressions become functions. */
import { OperatorError } from '../model/index.ts';
import type {
  Aggregator,
  AsyncMapOptions,
  BroadcastJoinOptions,
  DeduplicateOptions,
  StreamJoinOptions,
  TableJoinOptions,
  WindowDefinition,
  WindowJoinOptions,
  WindowOptions,
} from '../operators/index.ts';
import { compileAggregate } from './expression/aggregate-expression.ts';
import { compileExpression, compileJoinedExpression } from './expression/expression.ts';
import { recordOf } from './expression/record-of.ts';
import type {
  AggregateConfig,
  AsyncMapConfig,
  BroadcastJoinConfig,
  DeduplicateConfig,
  JoinConfig,
  StreamJoinConfig,
  TableJoinConfig,
  WindowConfig,
  WindowJoinConfig,
} from './job-file.ts';
import { formatPath } from './problem.ts';

/** A record or a row of a job file. */
export type Row = unknown;

export function aggregatorsOf(
  name: string,
  { values }: AggregateConfig,
): Readonly<Record<string, Aggregator<Row, unknown, unknown>>> {
  const entries = Object.entries(values).map(
    ([field, source]) => [field, compileAggregate(source, pathOf(name, 'values', field))] as const,
  );
  return Object.fromEntries(entries);
}

export function windowOf(name: string, { type, ...options }: WindowConfig): WindowDefinition {
  if ('gapMs' in options && typeof options.gapMs === 'string') {
    const { evaluate } = compileExpression(options.gapMs, pathOf(name, 'window', 'gapMs'), 'number');
    return { ...options, kind: 'session', gapMs: (record: Row) => evaluate(record) as number | null };
  }
  return { ...options, kind: type } as WindowDefinition;
}

export function windowOptionsOf(config: AggregateConfig): WindowOptions {
  const { emit, allowedLatenessMs, early, completeEveryMs } = config;
  return { emit, allowedLatenessMs, early, completeEveryMs };
}

export function streamJoinOptionsOf(name: string, config: StreamJoinConfig): StreamJoinOptions<Row, Row, Row> {
  const { joinType: type, within, retentionMs } = config;
  return { type, within, retentionMs, select: selectionOf(name, config) };
}

export function windowJoinOptionsOf(name: string, config: WindowJoinConfig): WindowJoinOptions<Row, Row, Row> {
  const select = selectionOf(name, config, true);
  return {
    type: config.joinType,
    window: windowOf(name, config.window),
    select: select && ((left, right, { start, end }) => select(left, right, start, end)),
  };
}

export function tableJoinOptionsOf(
  name: string,
  config: TableJoinConfig | BroadcastJoinConfig,
): TableJoinOptions<Row, Row, Row> {
  const { joinType: type, isDelete } = config;
  return {
    type,
    isDelete: isDelete === undefined ? undefined : predicateOf(isDelete, name, 'isDelete'),
    select: selectionOf(name, config),
  };
}

export function broadcastJoinOptionsOf(name: string, config: BroadcastJoinConfig): BroadcastJoinOptions<Row, Row, Row> {
  return {
    ...tableJoinOptionsOf(name, config),
    leftKey: keyOf(config.left.key, name, 'left', 'key'),
    rightKey: keyOf(config.right.key, name, 'right', 'key'),
  };
}

/** The schema and the checks behind it know which of the durations there is. */
export function deduplicateOptionsOf({ scope, withinMs, ttlMs }: DeduplicateConfig): DeduplicateOptions {
  switch (scope) {
    case 'forever':
      return { scope };
    case 'watermark':
      return { scope, withinMs: withinMs! };
    case 'ttl':
      return { scope, ttlMs: ttlMs! };
  }
}

export function asyncMapOptionsOf(config: AsyncMapConfig): AsyncMapOptions {
  const { concurrency, order, timeoutMs, attempts, backoffMs, backoffMaxMs, onFailure } = config;
  return { concurrency, order, timeoutMs, attempts, backoffMs, backoffMaxMs, onFailure };
}

/** The operator that takes the key checks that the value can be one. */
export function keyOf(source: string, name: string, ...field: readonly string[]): (record: Row) => string {
  const { evaluate } = compileExpression(source, pathOf(name, ...field), 'key');
  return (record) => evaluate(record) as string;
}

export function predicateOf(source: string, name: string, ...field: readonly string[]): (record: Row) => boolean {
  const path = pathOf(name, ...field);
  const { evaluate } = compileExpression(source, path, 'bool');
  return (record) => {
    const result = evaluate(record);
    if (typeof result === 'boolean') return result;
    throw wrongResult(path, source, 'true or false', result);
  };
}

type Selection = (left: Row, right: Row, windowStart?: number, windowEnd?: number) => Row;

function selectionOf(name: string, { fields, value }: JoinConfig, isInWindow = false): Selection | undefined {
  if (value !== undefined) return compileJoinedExpression(value, pathOf(name, 'value'), isInWindow).evaluate;
  if (fields === undefined) return undefined;
  const compiled = Object.entries(fields).map(([field, source]) => ({
    name: field,
    evaluate: compileJoinedExpression(source, pathOf(name, 'fields', field), isInWindow).evaluate,
  }));
  return (left, right, start, end) => recordOf(compiled, ({ evaluate }) => evaluate(left, right, start, end));
}

export function pathOf(name: string, ...field: readonly string[]): string {
  return formatPath(['transforms', name, ...field]);
}

export function wrongResult(path: string, source: string, wanted: string, result: unknown): OperatorError {
  const got = result === null ? 'null' : Array.isArray(result) ? 'a list' : typeof result;
  return new OperatorError(
    `${path}: the expression ${JSON.stringify(source)} must yield ${wanted}, but it yielded ${got}`,
    {
      code: 'ERR_EXPRESSION',
    },
  );
}
