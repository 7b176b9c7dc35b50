import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeValue, decodeValueAt, encodeValue, encodeValueInto } from '../../src/codec/value-codec.ts';
import { VALUE_DEPTH_MAX } from '../../src/codec/value-domain.ts';
import { CorruptionError, ValueError } from '../../src/model/index.ts';
import { domainValue } from './values.ts';

class Account {
  balance = 1;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { inner: value };
  return value;
}

describe('the value codec', () => {
  test('brings back every value of the domain', () => {
    fc.assert(
      fc.property(domainValue, (value) => {
        deepStrictEqual(decodeValue(encodeValue(value)), value);
      }),
      { numRuns: 2_000 },
    );
  });

  test('brings back values one after the other from one buffer', () => {
    fc.assert(
      fc.property(domainValue, domainValue, (first, second) => {
        const one = encodeValue(first);
        const other = encodeValue(second);
        const buffer = Buffer.concat([Buffer.from([0xc1]), one, other, Buffer.from([0xc1])]);

        deepStrictEqual(decodeValueAt(buffer, 1, 1 + one.length), first);
        deepStrictEqual(decodeValueAt(buffer, 1 + one.length, 1 + one.length + other.length), second);
      }),
    );
  });

  test.each([
    ['a Map as a Map', new Map([['a', 1]])],
    [
      'a Map with keys of any kind',
      new Map<unknown, unknown>([
        [{ a: 1 }, 2],
        [null, 3],
        [1n, [4]],
      ]),
    ],
    ['a Set', new Set(['a', new Set([1])])],
    ['a Buffer as a Buffer', Buffer.from([1, 2, 3])],
    ['a Uint8Array as a Uint8Array', new Uint8Array([1, 2, 3])],
    ['a date far from now', new Date(8.64e15)],
    ['a date before 1970', new Date(-1)],
    ['the limits of bigint', [2n ** 64n - 1n, -(2n ** 63n), 0n]],
    ['numbers at the edges', [Number.NaN, Number.POSITIVE_INFINITY, -Infinity, 2 ** 53, 5e-324, -1, 127, 128, 2 ** 32]],
    ['a lone surrogate', { text: '\ud800', '\udfff': 1 }],
    ['a leading byte order mark', ['\ufeffabc', `\ufeff${'x'.repeat(100)}`, { ['\ufeff'.padEnd(100)]: 1 }]],
    ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['more fields than 16 bits count', Object.fromEntries(Array.from({ length: 65_537 }, (_, i) => [`f${i}`, i]))],
  ])('keeps %s', (_, value) => {
    deepStrictEqual(decodeValue(encodeValue(value)), value);
  });

  test('fields named like parts of Object.prototype are plain data and touch no prototype', () => {
    const value: unknown = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":2,"toString":3,"hasOwnProperty":4,"__keys__":5}',
    );

    const decoded = decodeValue(encodeValue(value)) as object;

    expect(JSON.stringify(decoded)).toBe(JSON.stringify(value));
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(Object.hasOwn(decoded, '__proto__')).toBe(true);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('a value without surprises is plain MessagePack', () => {
    expect(Buffer.from(encodeValue({ a: 1, b: 'x' })).toString('hex')).toBe('de0002a16101a162a178');
    expect(Buffer.from(encodeValue(undefined)).toString('hex')).toBe('d40000');
  });

  test('keeps an invalid date', () => {
    const decoded = decodeValue(encodeValue(new Date(Number.NaN))) as Date;

    expect(decoded).toBeInstanceOf(Date);
    expect(decoded.getTime()).toBeNaN();
  });

  test('-0 arrives as 0, as the domain says', () => {
    expect(decodeValue(encodeValue(-0))).toBe(0);
  });

  test.each([
    ['a function', { user: { tags: [1, () => 1] } }, 'value.user.tags[1] is a function'],
    ['a symbol', [Symbol('s')], 'value[0] is a symbol'],
    ['an instance of a class', { a: { 'odd name!': new Account() } }, 'value.a["odd name!"] is an instance of Account'],
    ['an error', { error: new Error('x') }, 'value.error is an instance of Error'],
    ['a regular expression', [/x/], 'value[0] is an instance of RegExp'],
    ['a boxed number', Object(1), 'value is an instance of Number'],
    ['a promise', { later: Promise.resolve() }, 'value.later is an instance of Promise'],
    ['an array buffer', new ArrayBuffer(1), 'value is an instance of ArrayBuffer'],
    ['a subclass of Array', new (class Rows extends Array<number> {})(), 'value is an instance of Rows'],
    ['an instance of a class without a name', new (class {})(), 'value is an instance of a class'],
    ['a bigint of 65 bits', { n: 2n ** 64n }, 'value.n is a bigint beyond 64 bits'],
    ['a negative bigint of 65 bits', -(2n ** 63n) - 1n, 'value is a bigint beyond 64 bits'],
    ['a hole', Object.assign(new Array<number>(3), { 0: 1, 2: 3 }), 'value[1] is a hole'],
    ['a function in a Map', new Map([['f', () => 1]]), 'value.f is a function'],
    ['a function in a Set', { s: new Set([() => 1]) }, 'value.s.(set member) is a function'],
  ])('refuses %s and names its path', (_, value, message) => {
    expect(() => encodeValue(value)).toThrow(ValueError);
    expect(() => encodeValue(value)).toThrow(message);
  });

  test('a value may be nested to the limit and not deeper', () => {
    const deepest = nested(VALUE_DEPTH_MAX);

    expect(decodeValue(encodeValue(deepest))).toStrictEqual(deepest);
    expect(() => encodeValue(nested(VALUE_DEPTH_MAX + 1))).toThrow('nested deeper than 512 levels');
  });

  test('a value that contains itself is refused', () => {
    const value: { self?: unknown; list: unknown[] } = { list: [] };
    value.list.push({ back: value });

    expect(() => encodeValue(value)).toThrow('value.list[0].back.list[0].back.list[0].back');
    expect(() => encodeValue(value)).toThrow('or contains itself');
  });

  test('a refused value leaves the codec as it was', () => {
    expect(() => encodeValue(new Map([[1, () => 1]]))).toThrow(ValueError);

    expect(Buffer.from(encodeValue({ a: 1 })).toString('hex')).toBe('de0001a16101');
  });

  test('each result is a copy of its own', () => {
    const first = encodeValue({ a: 'first' });
    const second = encodeValue({ a: 'other' });

    expect(decodeValue(first)).toEqual({ a: 'first' });
    expect(decodeValue(second)).toEqual({ a: 'other' });
    expect(first.byteLength).toBe(first.buffer.byteLength);
  });

  test('decoded bytes do not follow later changes of their source', () => {
    const encoded = encodeValue({ raw: Buffer.from([1, 2]), typed: new Uint8Array([3]) });
    const decoded = decodeValue(encoded) as { raw: Buffer; typed: Uint8Array };

    encoded.fill(0xff);

    expect([...decoded.raw, ...decoded.typed]).toEqual([1, 2, 3]);
  });

  test('encodes into memory of the caller, where it fits', () => {
    const target = new Uint8Array(16).fill(0xee);
    const plain = encodeValue('abc');
    const escaped = encodeValue('\ud800');

    const end = encodeValueInto('\ud800', target, encodeValueInto('abc', target, 2));

    expect(end).toBe(2 + plain.length + escaped.length);
    expect(decodeValue(target.subarray(2, 2 + plain.length))).toBe('abc');
    expect(decodeValue(target.subarray(2 + plain.length, end))).toBe('\ud800');
    expect(encodeValueInto('0123456789abcdef', target, 0)).toBe(-1);
    expect(target[0]).toBe(0xee);
  });

  test.each([
    ['cut', encodeValue({ a: 'text' }).subarray(0, 6)],
    ['empty', new Uint8Array(0)],
    ['with bytes behind the value', Uint8Array.of(1, 2)],
    ['of an unknown escape', Uint8Array.of(0xc1, 0x91, 0x63)],
  ])('bytes that are %s are reported as damage', (_, bytes) => {
    expect(() => decodeValue(bytes)).toThrow(CorruptionError);
  });
});
