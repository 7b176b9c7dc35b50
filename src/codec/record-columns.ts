/**
 * Plain objects of one shape, taken apart into a column per field and put together again.
 */

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
  const { columns } = records;
  const names = internalize(records.names);
  const width = names.length;
  const values = new Array<object>(count);
  for (let i = 0; i < count; i++) {
    const value: Record<string, unknown> = {};
    for (let field = 0; field < width; field++) value[names[field]!] = columns[field]![i];
    values[i] = value;
  }
  return values;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The same names as V8 keeps them for property access: with any other string each access is a look-up in its table. */
function internalize(names: readonly string[]): readonly string[] {
  return Object.keys(Object.fromEntries(names.map((name) => [name, 0])));
}
