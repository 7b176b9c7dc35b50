/**
 * A column of strings: first the length of each in code units, then all characters, as Latin-1 where every character
 * fits one byte, else as UTF-16. Both carry every JavaScript string exactly, lone surrogates included.
 */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** Bytes per length and per character, as they stand in the column's header. */
export interface TextLayout {
  readonly lengthBytes: number;
  readonly characterBytes: number;
}

/** V8 makes `slice` results of 13 characters and more views that keep the whole parent string alive. */
const COPIED_SLICE_LENGTH_MAX = 12;

/** Up to so many characters in all, native calls cost more than a loop. */
const LOOPED_LENGTH_MAX = 64;
const LATIN1_LAYOUT: TextLayout = { lengthBytes: 1, characterBytes: 1 };

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is Latin-1, control characters included
const BEYOND_LATIN1 = /[^\x00-\xff]/;

/** Writes the column behind `out.length`. `undefined` when some value is not a string: nothing was written then. */
export function writeTextColumn(values: readonly unknown[], count: number, out: ByteWriter): TextLayout | undefined {
  let total = 0;
  let longest = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'string') return undefined;
    total += value.length;
    if (value.length > longest) longest = value.length;
  }
  const lengthBytes = longest < 0x100 ? 1 : longest < 0x10000 ? 2 : 4;
  out.reserve(count * lengthBytes + total);
  if (total <= LOOPED_LENGTH_MAX && writeLatin1(values as readonly string[], count, out)) return LATIN1_LAYOUT;
  // One native call per column: measured cheaper than a loop over characters from about 4 characters per string on.
  const joined = (values.length === count ? values : values.slice(0, count)).join('');
  const characterBytes = BEYOND_LATIN1.test(joined) ? 2 : 1;
  out.reserve(count * lengthBytes + total * characterBytes);
  writeLengths(values as readonly string[], count, lengthBytes, out);
  out.length += out.bytes.write(joined, out.length, characterBytes === 1 ? 'latin1' : 'utf16le');
  return { lengthBytes, characterBytes };
}

/** Lengths and characters of short strings, one by one. False, with nothing written, when some character takes two bytes. */
function writeLatin1(texts: readonly string[], count: number, out: ByteWriter): boolean {
  const { bytes } = out;
  const start = out.length;
  let at = start + count;
  let seen = 0;
  for (let i = 0; i < count; i++) {
    const text = texts[i]!;
    const { length } = text;
    bytes[start + i] = length;
    for (let j = 0; j < length; j++) {
      const character = text.charCodeAt(j);
      seen |= character;
      bytes[at++] = character;
    }
  }
  if (seen > 0xff) return false;
  out.length = at;
  return true;
}

function writeLengths(texts: readonly string[], count: number, lengthBytes: number, out: ByteWriter): void {
  const { bytes } = out;
  let at = out.length;
  if (lengthBytes === 1) {
    for (let i = 0; i < count; i++) bytes[at++] = texts[i]!.length;
  } else if (lengthBytes === 2) {
    for (let i = 0; i < count; i++, at += 2) out.setUint16(at, texts[i]!.length);
  } else {
    for (let i = 0; i < count; i++, at += 4) out.setUint32(at, texts[i]!.length);
  }
  out.length = at;
}

/** Reads `count` strings from `from.at` on; none of them shares memory with another. */
export function readTextColumn(from: ByteReader, count: number, layout: TextLayout): string[] {
  const { lengthBytes, characterBytes } = layout;
  const encoding = characterBytes === 1 ? 'latin1' : 'utf16le';
  const lengthsAt = from.at;
  const start = lengthsAt + count * lengthBytes;
  let characters = 0;
  for (let i = 0; i < count; i++) characters += lengthAt(from, lengthsAt, i, lengthBytes);
  const joined = from.bytes.toString(encoding, start, start + characters * characterBytes);

  const texts = new Array<string>(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = lengthAt(from, lengthsAt, i, lengthBytes);
    const end = at + length;
    texts[i] =
      length <= COPIED_SLICE_LENGTH_MAX || count === 1
        ? joined.slice(at, end)
        : from.bytes.toString(encoding, start + at * characterBytes, start + end * characterBytes);
    at = end;
  }
  from.at = start + characters * characterBytes;
  return texts;
}

function lengthAt(from: ByteReader, lengthsAt: number, index: number, lengthBytes: number): number {
  if (lengthBytes === 1) return from.bytes[lengthsAt + index]!;
  return lengthBytes === 2 ? from.uint16(lengthsAt + 2 * index) : from.uint32(lengthsAt + 4 * index);
}
