/**
 * Plain objects of one shape, taken apart into a column per field and put together again.
 */
import { buildRecords, shapeOf } from './record-builder.ts';

/** Fields of more objects than this inside each other are packed whole. */
export const RECORD_DEPTH_MAX = 4;
/** Wider objects are dictionaries rather than records. */
const FIELDS_MAX = 64;

export interface RecordColumns {
  readonly names: readonly string[];
  readonly columns: readonly (readonly unknown[])[];
}

/** `undefined` unless all `count` values are plain objects with the same fields in the same order. */
export function splitRecords(values: readonly unknown[], count: number): RecordColumns | undefined {
  if (!isPlainObject(values[0])) return undefined;
  const names = Object.keys(values[0]);
  const width = names.length;
  if (width === 0 || width > FIELDS_MAX || names.includes('__proto__')) return undefined;
  const columns = names.map(() => new Array<unknown>(count));
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (!isPlainObject(value)) return undefined;
    let field = 0;
    for (const name in value) {
      if (field === width || names[field] !== name) return undefined;
      columns[field]![i] = value[name];
      field++;
    }
    if (field !== width) return undefined;
  }
  return { names, columns };
}

/** The inverse of {@link splitRecords}: `count` new objects. */
export function joinRecords(records: RecordColumns, count: number): object[] {
  return buildRecords(shapeOf(records.names), records.columns, count);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
