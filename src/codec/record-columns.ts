/**
 * Plain objects of one shape, taken apart into a column per field. `record-builder.ts` puts them together again.
 */
import { type WrittenShape, writtenShapeOf } from './record-shape.ts';

/** Fields of more objects than this inside each other are packed whole. */
export const RECORD_DEPTH_MAX = 4;

/** In the order of the shape's names. */
export type FieldColumns = readonly (readonly unknown[])[];

export interface SplitRecords {
  readonly shape: WrittenShape;
  readonly columns: FieldColumns;
}

/** `undefined` unless all `count` values are plain objects with the same fields in the same order. */
export function splitRecords(values: readonly unknown[], count: number): SplitRecords | undefined {
  if (!isPlainObject(values[0])) return undefined;
  const shape = writtenShapeOf(values[0], count);
  if (shape === undefined) return undefined;
  const { names } = shape;
  const width = names.length;
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
  return { shape, columns };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
