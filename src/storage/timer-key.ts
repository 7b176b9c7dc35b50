/**
 * Sub key of a timer: `[time, 8 bytes][key, escaped][0 0][tag]`, such that the order of bytes is the order of timers: time, then encoded
 * key, then tag.
 *
 * Kept as a string with one character per byte: strings are compared and looked up natively, and their order is that of the bytes. The time
 * is its float64 with the sign flipped (and all bits of a negative one); in the key a 0 becomes 0 255, so that 0 0 ends it and no key is
 * a prefix of another.
 */
import { decodeKey, encodeKey } from '../codec/key-codec.ts';
import type { Key, TimestampMs } from '../model/index.ts';

const TIME_CHARACTERS = 8;
const KEY_END = '\0\0';
const SIGN = 0x80000000;
/** What the encoding of every string begins with; plain ASCII follows as it is. */
const TEXT: string = charactersOf(encodeKey(''));

/** Behind every timer. */
export const TIMER_KEY_END = '\uffff';

export interface TimerParts {
  readonly at: TimestampMs;
  readonly key: Key;
  readonly tag: string;
}

const float = new DataView(new ArrayBuffer(8));

/** Expects a key in canonical form, and any time but NaN. */
export function encodeTimer(at: TimestampMs, key: Key, tag: string): string {
  return `${encodeTime(at)}${encodeTimerKey(key)}${KEY_END}${encodePart(tag)}`;
}

export function decodeTimer(characters: string): TimerParts {
  const end = characters.indexOf(KEY_END, TIME_CHARACTERS);
  const key = characters.slice(TIME_CHARACTERS, end);
  return {
    at: timeOfTimer(characters),
    key: decodePart(key.includes('\0') ? key.replaceAll('\0\xff', '\0') : key),
    tag: decodePart(characters.slice(end + KEY_END.length)) as string,
  };
}

export function timeOfTimer(characters: string): TimestampMs {
  const high = u32(characters, 0);
  const isNegative = (high & SIGN) === 0;
  float.setUint32(0, isNegative ? ~high : high ^ SIGN);
  float.setUint32(4, isNegative ? ~u32(characters, 4) : u32(characters, 4));
  return float.getFloat64(0);
}

export function charactersOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function bytesOf(characters: string): Uint8Array {
  return Buffer.from(characters, 'latin1');
}

function encodeTime(at: TimestampMs): string {
  // -0 is the same time as 0.
  float.setFloat64(0, at + 0);
  const bits = float.getUint32(0);
  const isNegative = (bits & SIGN) !== 0;
  const high = isNegative ? ~bits : bits ^ SIGN;
  const low = isNegative ? ~float.getUint32(4) : float.getUint32(4);
  return String.fromCharCode(
    high >>> 24,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    low >>> 24,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
  );
}

function encodeTimerKey(key: Key): string {
  const part = encodePart(key);
  return part.includes('\0') ? part.replaceAll('\0', '\0\xff') : part;
}

function encodePart(key: Key): string {
  return typeof key === 'string' && isAscii(key) ? TEXT + key : charactersOf(encodeKey(key));
}

function decodePart(characters: string): Key {
  if (characters.startsWith(TEXT) && isAscii(characters)) return characters.slice(TEXT.length);
  return decodeKey(bytesOf(characters));
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function u32(characters: string, at: number): number {
  return (
    (characters.charCodeAt(at) << 24) |
    (characters.charCodeAt(at + 1) << 16) |
    (characters.charCodeAt(at + 2) << 8) |
    characters.charCodeAt(at + 3)
  );
}
