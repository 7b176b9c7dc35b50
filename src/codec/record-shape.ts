/**
 * The field names of a batch of records, as they stand in front of its columns:
 *
 * ```
 *  | fields u16 | lengthBytes u8 | characterBytes u8 | hash i32 | names, see `text-column.ts`, padded to 8 bytes |
 * ```
 * Every batch carries its names (it needs nothing from earlier ones), but a thread makes and reads those of a shape once: afterwards
 * they are copied and compared. The hash is where the reader looks first; what it finds has the same bytes.
 */
import type { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type RecordShape, shapeOf } from './record-builder.ts';
import { readTextColumn, writeTextColumn } from './text-column.ts';

/** Field names in their order, and the bytes they are written as. */
export interface WrittenShape {
  readonly names: readonly string[];
  readonly words: Int32Array;
}

interface ReadShape {
  readonly words: Int32Array;
  readonly shape: RecordShape;
}

const HEADER_BYTES = 8;
const WORD_BYTES = 4;
/** Wider objects are dictionaries rather than records. */
const FIELDS_MAX = 64;
const NAMES_BYTES_MAX = 64 * 1024;

/** Shapes that a thread is writing, the one used last in front. More at a time and they are made again (I8). */
const WRITTEN_MAX = 32;
const written: WrittenShape[] = [];

/** A shape of fewer records is made when it comes a second time: objects that are dictionaries have a new one each time. */
const ONCE_COUNT_MIN = 8;
/** Names of shapes that came once, not long ago. */
const SEEN_MAX = 32;
const seen: (readonly string[])[] = [];
let seenNext = 0;

const scratch = new ByteWriter();

/** By hash. Beyond so many all are forgotten (I8). */
const READ_MAX = 256;
const read = new Map<number, ReadShape>();

/** The shape of a plain object, one of `count` alike. `undefined` when its fields are no columns, or not worth it. */
export function writtenShapeOf(value: object, count: number): WrittenShape | undefined {
  const names = Object.keys(value);
  for (let i = 0; i < written.length; i++) {
    const known = written[i]!;
    if (!areEqual(known.names, names)) continue;
    if (i > 0) {
      written[i] = written[0]!;
      written[0] = known;
    }
    return known;
  }
  if (names.length === 0 || names.length > FIELDS_MAX || names.includes('__proto__')) return undefined;
  if (count < ONCE_COUNT_MIN && !isSeen(names)) return undefined;
  const shape = encodeShape(names);
  if (shape === undefined) return undefined;
  written.unshift(shape);
  if (written.length > WRITTEN_MAX) written.pop();
  return shape;
}

export function writeShape(shape: WrittenShape, out: ByteWriter): void {
  const { words } = shape;
  const bytes = words.length * WORD_BYTES;
  out.reserve(bytes);
  const { integers } = out;
  const start = out.length / WORD_BYTES;
  // Some ten words: a native copy costs more.
  for (let i = 0; i < words.length; i++) integers[start + i] = words[i]!;
  out.length += bytes;
}

/** Reads the names at `from.at` and moves behind them. */
export function readShape(from: ByteReader): RecordShape {
  const start = from.at / WORD_BYTES;
  const known = read.get(from.integers[start + 1]!);
  if (known !== undefined && standsAt(from, start, known.words)) {
    from.at += known.words.length * WORD_BYTES;
    return known.shape;
  }
  const header = from.at;
  const layout = { lengthBytes: from.bytes[header + 2]!, characterBytes: from.bytes[header + 3]! };
  from.at = header + HEADER_BYTES;
  const shape = shapeOf(readTextColumn(from, from.uint16(header), layout));
  from.at += (8 - (from.at % 8)) % 8;
  if (read.size >= READ_MAX) read.clear();
  const words = from.integers.slice(start, from.at / WORD_BYTES);
  read.set(words[1]!, { words, shape });
  return shape;
}

function areEqual(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}

/** Whether these names came before; they have now. */
function isSeen(names: readonly string[]): boolean {
  for (const known of seen) if (areEqual(known, names)) return true;
  seen[seenNext] = names;
  seenNext = (seenNext + 1) % SEEN_MAX;
  return false;
}

function standsAt(from: ByteReader, start: number, words: Int32Array): boolean {
  const { integers } = from;
  for (let i = 0; i < words.length; i++) if (integers[start + i] !== words[i]) return false;
  return true;
}

/** `undefined` for names so long that repeating them is not worth it. */
function encodeShape(names: readonly string[]): WrittenShape | undefined {
  if (names.reduce((sum, name) => sum + name.length, 0) > NAMES_BYTES_MAX) return undefined;
  const out = scratch;
  out.begin(Number.POSITIVE_INFINITY);
  out.reserve(HEADER_BYTES);
  out.length = HEADER_BYTES;
  const layout = writeTextColumn(names, names.length, out)!;
  out.pad();
  out.setUint16(0, names.length);
  out.bytes[2] = layout.lengthBytes;
  out.bytes[3] = layout.characterBytes;
  const words = out.integers.slice(0, out.length / WORD_BYTES);
  words[1] = hashWords(words);
  return { names, words };
}

function hashWords(words: Int32Array): number {
  let hash = 0;
  for (const word of words) {
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}
