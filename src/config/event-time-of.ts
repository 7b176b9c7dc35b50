/** The event time of a record, as a job file says where it is. */
import type { TimestampOf } from '../plan/index.ts';
import { compileExpression } from './expression/expression.ts';
import { parseTimeText } from './expression/parse-time-text.ts';
import { ownField } from './expression/values.ts';
import type { EventTimeConfig } from './job-file.ts';
import { formatPath, type JsonPath } from './problem.ts';

/** `path` is where `config` stands. A value that is no time gives none: the record is late wherever a time is needed. */
export function eventTimeOf({ field, expression, unit }: EventTimeConfig, path: JsonPath): TimestampOf<unknown> {
  if (expression !== undefined) {
    const { evaluate } = compileExpression(expression, formatPath([...path, 'expression']), 'time');
    return (record) => toTime(evaluate(record), unit);
  }
  return (record) => toTime(ownField(record, field!), unit);
}

function toTime(value: unknown, unit: EventTimeConfig['unit']): number | undefined {
  if (typeof value === 'string' && (unit === undefined || unit === 'iso')) return parseTimeText(value);
  if (value instanceof Date) return value.getTime();
  if (unit === 'iso') return undefined;
  const number = numberOf(value);
  return unit === 's' ? number * 1000 : number;
}

/** Columns of a CSV file are texts. */
function numberOf(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}
