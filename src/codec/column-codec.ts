/**
 * Batches of values as columns: the body of a frame. A column is as compact as its values allow:
 *
 * ```
 *  | tag u8 | lengthBytes u8 | characterBytes u8 | 0 | payload bytes u32 | payload, padded to 8 bytes |
 *
 *  ABSENT     every value is undefined: no payload
 *  CONSTANT   every value is the same primitive: a column of it alone
 *  FLOAT64    numbers
 *  TEXT       strings, see `text-column.ts`
 *  BOOLEAN    one byte each
 *  RECORDS    plain objects of one shape: a column of the field names, then one column per field (recursive)
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
import { packBatch, unpackBatch } from './packr.ts';
import { joinRecords, RECORD_DEPTH_MAX, splitRecords } from './record-columns.ts';
import { readTextColumn, type TextLayout, writeTextColumn } from './text-column.ts';
import { inspectValue, type ValueProfile } from './value-domain.ts';

const TAG_ABSENT = 0;
const TAG_CONSTANT = 1;
const TAG_FLOAT64 = 2;
const TAG_TEXT = 3;
const TAG_BOOLEAN = 4;
const TAG_RECORDS = 5;
const TAG_PACKED = 6;
const TAG_ESCAPED = 7;

const HEADER_BYTES = 8;
/** Fewer objects are packed: names and headers of columns would cost more than they save. */
const RECORDS_COUNT_MIN = 8;

const profile: ValueProfile = { weight: 0, needsEscape: false };

/**
 * Appends one column of `values[0 .. count)`, at a multiple of 8. `name` is what an error message calls a value. Throws
 * `ValueError` for a value outside the value domain, `BatchOverflow` when the writer's limit is exceeded.
 */
export function writeColumn(values: readonly unknown[], count: number, out: ByteWriter, name: string, depth = 0): void {
  assert(count > 0 && count <= values.length, `a column has 1 to ${values.length} values, not ${count}`);
  out.reserve(HEADER_BYTES);
  const header = out.length;
  out.length += HEADER_BYTES;
  const tag = writePayload(values, count, out, name, depth);
  const payloadBytes = out.length - header - HEADER_BYTES;
  // All eight bytes at once: 0 as float64 is eight zero bytes.
  out.floats[header / 8] = 0;
  if (typeof tag === 'number') {
    out.bytes[header] = tag;
  } else {
    out.bytes[header] = TAG_TEXT;
    out.bytes[header + 1] = tag.lengthBytes;
    out.bytes[header + 2] = tag.characterBytes;
  }
  out.setUint32(header + 4, payloadBytes);
  out.pad();
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

/** The tag of what was written, for text its layout. Leaves `out.length` alone where a form does not apply. */
function writePayload(
  values: readonly unknown[],
  count: number,
  out: ByteWriter,
  name: string,
  depth: number,
): number | TextLayout {
  const first = values[0];
  const type = typeof first;
  if (type === 'object') {
    const isWorthColumns = count >= RECORDS_COUNT_MIN && depth < RECORD_DEPTH_MAX;
    if (isWorthColumns && writeRecords(values, count, out, name, depth)) return TAG_RECORDS;
    return writePacked(values, count, out, name);
  }
  if (isConstant(values, count)) {
    if (type === 'undefined') return TAG_ABSENT;
    if (count > 1) {
      writeColumn([first], 1, out, name);
      return TAG_CONSTANT;
    }
  }
  if (type === 'number' && writeFloats(values, count, out)) return TAG_FLOAT64;
  if (type === 'boolean' && writeBooleans(values, count, out)) return TAG_BOOLEAN;
  const layout = type === 'string' ? writeTextColumn(values, count, out) : undefined;
  return layout ?? writePacked(values, count, out, name);
}

function readPayload(from: ByteReader, count: number, header: number, end: number): unknown[] {
  const { bytes, at: start } = from;
  const tag = bytes[header];
  switch (tag) {
    case TAG_ABSENT:
      return new Array<unknown>(count).fill(undefined);
    case TAG_CONSTANT:
      return new Array<unknown>(count).fill(readColumn(from, 1)[0]);
    case TAG_FLOAT64:
      return readFloats(from, count);
    case TAG_TEXT:
      return readTextColumn(from, count, { lengthBytes: bytes[header + 1]!, characterBytes: bytes[header + 2]! });
    case TAG_BOOLEAN:
      return Array.from(bytes.subarray(start, end), (byte) => byte !== 0);
    case TAG_RECORDS:
      return readRecords(from, count);
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

function writeFloats(values: readonly unknown[], count: number, out: ByteWriter): boolean {
  out.reserve(count * 8);
  const { floats } = out;
  const start = out.length / 8;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number') return false;
    floats[start + i] = value;
  }
  out.length += count * 8;
  return true;
}

function readFloats(from: ByteReader, count: number): number[] {
  const { floats } = from;
  const start = from.at / 8;
  const values = new Array<number>(count);
  for (let i = 0; i < count; i++) values[i] = floats[start + i]!;
  return values;
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

function writeRecords(
  values: readonly unknown[],
  count: number,
  out: ByteWriter,
  name: string,
  depth: number,
): boolean {
  const records = splitRecords(values, count);
  if (records === undefined) return false;
  const { names, columns } = records;
  out.reserve(HEADER_BYTES);
  out.setUint32(out.length, names.length);
  out.setUint32(out.length + 4, 0);
  out.length += HEADER_BYTES;
  writeColumn(names, names.length, out, name);
  for (let field = 0; field < names.length; field++) {
    writeColumn(columns[field]!, count, out, `${name}.${names[field]}`, depth + 1);
  }
  return true;
}

function readRecords(from: ByteReader, count: number): object[] {
  const width = from.uint32(from.at);
  from.at += HEADER_BYTES;
  const names = readColumn(from, width) as string[];
  const columns = names.map(() => readColumn(from, count));
  return joinRecords({ names, columns }, count);
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
