/**
 * Batches of values as columns: the body of a frame. A column is as compact as its values allow:
 *
 * ```
 *  | tag u8 | layout u8 x 2 | 0 | payload bytes u32 | payload, padded to 8 bytes |
 *
 *  ABSENT     every value is undefined: no payload
 *  CONSTANT   every value is the same primitive: a column of it alone
 *  NUMBERS    see `number-column.ts`; layout: bytes per number
 *  TEXT       strings, see `text-column.ts`; layout: bytes per length, bytes per character
 *  BOOLEAN    one byte each
 *  RECORDS    plain objects of one shape: the field names, see `record-shape.ts`, then one column per field (recursive)
 *  PACKED     anything else: one msgpackr array, shapes inline
 *  ESCAPED    the same in escaped form, see `escaped-value.ts`
 * ```
 * Self-contained: needs nothing from earlier batches. Not for storage: the format may change with any version.
 */
import { assert, CorruptionError } from '../model/index.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { detachStrings } from './detached-strings.ts';
import { escapeValue, unescapeValue } from './escaped-value.ts';
import { readNumberColumn, writeNumberColumn } from './number-column.ts';
import { packBatch, unpackBatch } from './packr.ts';
import { buildRecords, type RecordShape } from './record-builder.ts';
import { type FieldColumns, RECORD_DEPTH_MAX, splitRecords } from './record-columns.ts';
import { readShape, writeShape } from './record-shape.ts';
import { readTextColumn, writeTextColumn } from './text-column.ts';
import { inspectValue, type ValueProfile } from './value-domain.ts';

const TAG_ABSENT = 0;
const TAG_CONSTANT = 1;
const TAG_NUMBERS = 2;
const TAG_TEXT = 3;
const TAG_BOOLEAN = 4;
const TAG_RECORDS = 5;
const TAG_PACKED = 6;
const TAG_ESCAPED = 7;

const HEADER_BYTES = 8;

const profile: ValueProfile = { weight: 0, needsEscape: false };

/** A batch of records taken apart. */
export interface RecordBatch {
  readonly shape: RecordShape;
  readonly columns: FieldColumns;
}

/**
 * Appends one column of `values[0 .. count)`, at a multiple of 8, and returns the columns it took the values apart into, if it did.
 * `name` is what an error message calls a value. Throws `ValueError` for a value outside the value domain, `BatchOverflow`
 * when the writer's limit is exceeded.
 */
export function writeColumn(
  values: readonly unknown[],
  count: number,
  out: ByteWriter,
  name: string,
  depth = 0,
): FieldColumns | undefined {
  // No numbers in this message: to make it would be a good part of the cost of a small column.
  assert(count > 0 && count <= values.length, 'a column has 1 value or more, all of which are there');
  out.reserve(HEADER_BYTES);
  const header = out.length;
  // All eight bytes at once: 0 as float64 is eight zero bytes.
  out.floats[header / 8] = 0;
  out.length += HEADER_BYTES;
  if (typeof values[0] !== 'object') {
    writePrimitives(values, count, out, name, header);
    return undefined;
  }
  const columns = depth < RECORD_DEPTH_MAX ? writeRecords(values, count, out, name, depth) : undefined;
  seal(out, header, columns === undefined ? writePacked(values, count, out, name) : TAG_RECORDS);
  return columns;
}

/** Reads the column at `from.at` and moves behind it. The values are new and share no memory with the bytes. */
export function readColumn(from: ByteReader, count: number): unknown[] {
  const header = from.at;
  const start = header + HEADER_BYTES;
  const end = start + from.uint32(header + 4);
  assert(end <= from.bytes.length, 'a column ends behind its memory');
  from.at = start;
  const values = readPayload(from, count, header, end);
  from.at = end + ((8 - (end % 8)) % 8);
  return values;
}

/** The same for a column of RECORDS, left as columns. `undefined` when it is of another form: nothing was read then. */
export function readRecordColumns(from: ByteReader, count: number): RecordBatch | undefined {
  if (from.bytes[from.at] !== TAG_RECORDS) return undefined;
  const end = from.at + HEADER_BYTES + from.uint32(from.at + 4);
  assert(end <= from.bytes.length, 'a column ends behind its memory');
  from.at += HEADER_BYTES;
  const batch = readRecords(from, count);
  from.at = end;
  return batch;
}

/** Completes the header of a column that ends at `out.length`, and pads it. */
function seal(out: ByteWriter, header: number, tag: number): void {
  out.bytes[header] = tag;
  out.setUint32(header + 4, out.length - header - HEADER_BYTES);
  out.pad();
}

/** Values of which the first is no object. */
function writePrimitives(
  values: readonly unknown[],
  count: number,
  out: ByteWriter,
  name: string,
  header: number,
): void {
  const type = typeof values[0];
  if (isConstant(values, count) && (count > 1 || type === 'undefined')) {
    if (type !== 'undefined') writeColumn([values[0]], 1, out, name);
    seal(out, header, type === 'undefined' ? TAG_ABSENT : TAG_CONSTANT);
    return;
  }
  if (type === 'number') {
    const numberBytes = writeNumberColumn(values, count, out);
    if (numberBytes !== undefined) {
      out.bytes[header + 1] = numberBytes;
      seal(out, header, TAG_NUMBERS);
      return;
    }
  } else if (type === 'string') {
    const layout = writeTextColumn(values, count, out);
    if (layout !== undefined) {
      out.bytes[header + 1] = layout.lengthBytes;
      out.bytes[header + 2] = layout.characterBytes;
      seal(out, header, TAG_TEXT);
      return;
    }
  } else if (type === 'boolean' && writeBooleans(values, count, out)) {
    seal(out, header, TAG_BOOLEAN);
    return;
  }
  seal(out, header, writePacked(values, count, out, name));
}

function readPayload(from: ByteReader, count: number, header: number, end: number): unknown[] {
  const { bytes, at: start } = from;
  const tag = bytes[header];
  switch (tag) {
    case TAG_ABSENT:
      return new Array<unknown>(count).fill(undefined);
    case TAG_CONSTANT:
      return new Array<unknown>(count).fill(readColumn(from, 1)[0]);
    case TAG_NUMBERS:
      return readNumberColumn(from, count, bytes[header + 1]!);
    case TAG_TEXT:
      return readTextColumn(from, count, { lengthBytes: bytes[header + 1]!, characterBytes: bytes[header + 2]! });
    case TAG_BOOLEAN:
      return Array.from(bytes.subarray(start, end), (byte) => byte !== 0);
    case TAG_RECORDS: {
      const { shape, columns } = readRecords(from, count);
      return buildRecords(shape, columns, count);
    }
    case TAG_PACKED:
      return unpackBatch(bytes.subarray(start, end)).map(detachStrings);
    case TAG_ESCAPED:
      return unpackBatch(bytes.subarray(start, end)).map((escaped) => detachStrings(unescapeValue(escaped)));
    default:
      throw new CorruptionError(`a column has the unknown tag ${tag}; writer and reader are of different versions`);
  }
}

function isConstant(values: readonly unknown[], count: number): boolean {
  const first = values[0];
  for (let i = 1; i < count; i++) if (!Object.is(values[i], first)) return false;
  return true;
}

function writeBooleans(values: readonly unknown[], count: number, out: ByteWriter): boolean {
  out.reserve(count);
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'boolean') return false;
    out.bytes[out.length + i] = value ? 1 : 0;
  }
  out.length += count;
  return true;
}

/** Leaves `out.length` alone when the values are not of one shape. */
function writeRecords(
  values: readonly unknown[],
  count: number,
  out: ByteWriter,
  name: string,
  depth: number,
): FieldColumns | undefined {
  const records = splitRecords(values, count);
  if (records === undefined) return undefined;
  const { shape, columns } = records;
  writeShape(shape, out);
  for (let field = 0; field < columns.length; field++) {
    writeColumn(columns[field]!, count, out, `${name}.${shape.names[field]}`, depth + 1);
  }
  return columns;
}

function readRecords(from: ByteReader, count: number): RecordBatch {
  const shape = readShape(from);
  const columns = shape.names.map(() => readColumn(from, count));
  return { shape, columns };
}

function writePacked(values: readonly unknown[], count: number, out: ByteWriter, name: string): number {
  profile.weight = 0;
  profile.needsEscape = false;
  for (let i = 0; i < count; i++) inspectValue(values[i], profile, name);
  // Overflow is noticed before the work of packing; the weight is an estimate, so a value alone has its bytes counted.
  if (count > 1) out.reserve(profile.weight);
  const batch = values.length === count ? values : values.slice(0, count);
  const packed = packBatch(profile.needsEscape ? batch.map(escapeValue) : batch);
  out.reserve(packed.length);
  out.bytes.set(packed, out.length);
  out.length += packed.length;
  return profile.needsEscape ? TAG_ESCAPED : TAG_PACKED;
}
