import { deepStrictEqual } from 'node:assert';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { ByteReader } from '../../src/codec/byte-reader.ts';
import { BatchOverflow, ByteWriter } from '../../src/codec/byte-writer.ts';
import { readColumn, readRecordColumns, writeColumn } from '../../src/codec/column-codec.ts';
import { decodeValue, encodeValue } from '../../src/codec/value-codec.ts';
import { ValueError } from '../../src/model/index.ts';
import { domainBatch } from './values.ts';

const TAGS = ['absent', 'constant', 'numbers', 'text', 'boolean', 'records', 'packed', 'escaped'];

let out: ByteWriter;

beforeEach(() => {
  out = new ByteWriter();
  out.begin(1 << 24);
});

function written(): Buffer {
  return Buffer.from(out.bytes.subarray(0, out.length));
}

function readerOf(bytes: Uint8Array): ByteReader {
  const memory = new ArrayBuffer(bytes.length);
  new Uint8Array(memory).set(bytes);
  return new ByteReader(memory);
}

function readBack(count: number): unknown[] {
  const from = readerOf(written());
  const values = readColumn(from, count);
  expect(from.at).toBe(out.length);
  return values;
}

function roundTrip(values: readonly unknown[]): unknown[] {
  writeColumn(values, values.length, out, 'value');
  return readBack(values.length);
}

describe('the column codec', () => {
  test('brings back every batch of values', () => {
    fc.assert(
      fc.property(domainBatch, (values) => {
        out.begin(1 << 24);
        deepStrictEqual(roundTrip(values), values);
      }),
      { numRuns: 2_000 },
    );
  });

  test('agrees with the value codec on every batch', () => {
    fc.assert(
      fc.property(domainBatch, (values) => {
        out.begin(1 << 24);
        const expected = values.map((value) => decodeValue(encodeValue(value)));
        deepStrictEqual(roundTrip(values), expected);
      }),
      { numRuns: 1_000 },
    );
  });

  const rows = Array.from({ length: 20 }, (_, i) => ({
    id: `row ${i}`,
    n: i,
    user: { name: `u${i}`, ok: i % 2 === 0 },
  }));

  test.each([
    ['absent', 'undefined only', [undefined, undefined]],
    ['constant', 'one string', ['same', 'same', 'same']],
    ['constant', 'NaN only', [Number.NaN, Number.NaN]],
    ['numbers', 'numbers', [1, -0, Number.NaN]],
    ['numbers', 'integers', [1, -1, 2 ** 31 - 1, -(2 ** 31)]],
    ['text', 'strings', ['a', '', 'bc']],
    ['boolean', 'booleans', [true, false]],
    ['records', 'objects of one shape', rows],
    ['packed', 'few objects of a new shape', [{ brand: 1, new: 2 }]],
    ['records', 'few objects of a known shape', rows.slice(0, 1)],
    ['packed', 'mixed primitives', [1, null, 'x']],
    ['packed', 'numbers and then something else', [1, 2, null]],
    ['packed', 'strings and then something else', ['a', 'b', null]],
    ['packed', 'booleans and then something else', [true, false, null]],
    ['packed', 'an object of another shape at the end', [...rows, { other: 1 }]],
    ['packed', 'an object with one field more', [...rows, { ...rows[0], more: 1 }]],
    ['packed', 'an object with one field less', [...rows, { id: '1', n: 2 }]],
    ['packed', 'the same fields in another order', [...rows, { n: 1, id: 'x', user: null }]],
    ['packed', 'null among objects', [...rows, null]],
    ['packed', 'null only', [null, null]],
    ['packed', 'empty objects', rows.map(() => ({}))],
    ['escaped', 'a Map', [new Map([[1, 2]])]],
    ['escaped', 'fields named __proto__', rows.map(() => JSON.parse('{"__proto__":1}') as unknown)],
    ['escaped', 'fields named __keys__', [{ a: 1, __keys__: 2 }, { a: 1 }, { a: 3 }]],
    ['escaped', 'an object without prototype', [Object.create(null)]],
  ])('chooses the form %s for %s', (form, _, values) => {
    expect(roundTrip(values)).toStrictEqual(values);
    expect(TAGS[out.bytes[0]!]).toBe(form);
  });

  test('a frame with a field named __keys__ does not spoil later ones of the same thread', () => {
    roundTrip([{ a: 1, __keys__: 2 }, { a: 1 }]);
    out.begin(1 << 16);

    const later = [{ a: 1 }, { __keys__: [1], a: 2 }];

    expect(roundTrip(later)).toStrictEqual(later);
  });

  test('keeps NaN and -0 in columns of numbers', () => {
    const decoded = roundTrip([-0, 1, Number.NaN, Number.NEGATIVE_INFINITY]);

    expect(Object.is(decoded[0], -0)).toBe(true);
    expect(decoded.slice(1)).toEqual([1, Number.NaN, Number.NEGATIVE_INFINITY]);
  });

  test.each([
    ['integers of 32 bits', [0, -1, 2 ** 31 - 1, -(2 ** 31)], 4],
    ['an integer of 33 bits', [0, 2 ** 31], 8],
    ['a negative one', [0, -(2 ** 31) - 1], 8],
    ['a fraction at the end', [0, 1, 2, 2.5], 8],
    ['-0 among integers', [0, 1, -0], 8],
    ['NaN among integers', [0, Number.NaN], 8],
  ])('takes %s in the fewest bytes that keep them', (_, numbers, bytesPerNumber) => {
    const decoded = roundTrip(numbers);

    expect(decoded.every((number, i) => Object.is(number, numbers[i]))).toBe(true);
    expect(out.bytes[1]).toBe(bytesPerNumber);
  });

  test('leaves the columns of records to who asks for them', () => {
    const columns = writeColumn(rows, rows.length, out, 'value');

    expect(columns?.[1]).toEqual(rows.map((row) => row.n));

    const batch = readRecordColumns(readerOf(written()), rows.length);

    expect(batch?.shape.names).toEqual(['id', 'n', 'user']);
    expect(batch?.columns).toEqual([rows.map((row) => row.id), rows.map((row) => row.n), rows.map((row) => row.user)]);
  });

  test('has no columns of records where values were written otherwise', () => {
    expect(writeColumn([1, 2], 2, out, 'value')).toBeUndefined();
    const from = readerOf(written());

    expect(readRecordColumns(from, 2)).toBeUndefined();
    expect(readColumn(from, 2)).toEqual([1, 2]);
  });

  test.each([1, 255, 256, 65_535, 65_536, 200_000])('keeps strings of %i characters, Latin-1 or not', (length) => {
    const texts = ['a', 'ÿ'.repeat(length), '', 'b'];
    expect(roundTrip(texts)).toStrictEqual(texts);

    out.begin(1 << 24);
    const wide = ['a', '\u20ac'.repeat(length), '\ud800', ''];
    expect(roundTrip(wide)).toStrictEqual(wide);
  });

  test('has exactly these bytes', () => {
    writeColumn([1.5, -2], 2, out, 'value');
    expect(written().toString('hex')).toBe(`0208000010000000${'000000000000f83f'}${'00000000000000c0'}`);

    out.begin(1 << 16);
    writeColumn([1, -2, 3], 3, out, 'value');
    expect(written().toString('hex')).toBe('020400000c000000' + '01000000' + 'feffffff' + '03000000' + '00000000');

    out.begin(1 << 16);
    writeColumn(['ab', 'é'], 2, out, 'value');
    expect(written().toString('hex')).toBe('0301010005000000' + '0201' + '6162' + 'e9' + '000000');

    out.begin(1 << 16);
    writeColumn(['a', '€'], 2, out, 'value');
    expect(written().toString('hex')).toBe('0301020006000000' + '0101' + '6100' + 'ac20' + '0000');

    out.begin(1 << 16);
    writeColumn([true, false, true], 3, out, 'value');
    expect(written().toString('hex')).toBe('0400000003000000' + '0100010000000000');

    out.begin(1 << 16);
    writeColumn([7, 7], 2, out, 'value');
    expect(written().toString('hex')).toBe('0100000010000000' + '0204000004000000' + '0700000000000000');

    out.begin(1 << 16);
    writeColumn([undefined, undefined], 2, out, 'value');
    expect(written().toString('hex')).toBe('0000000000000000');
  });

  test('old bytes of the buffer never show in the padding', () => {
    out.bytes.fill(0xff);
    writeColumn(['abc'], 1, out, 'value');

    expect(written().toString('hex')).toBe('0301010004000000' + '03616263' + '00000000');
  });

  test('shapes of equal width keep apart, in whatever order they come', () => {
    const shapes = [
      ['a', 'b'],
      ['b', 'a'],
      ['x', 'y'],
      ['1', '0x'],
      ['constructor', 'toString'],
    ];
    for (let round = 0; round < 3; round++) {
      for (const [one, other] of shapes as [string, string][]) {
        const values = Array.from({ length: 10 }, (_, i) => ({ [one]: i, [other]: `v${i}` }));
        out.begin(1 << 16);
        deepStrictEqual(roundTrip(values), values);
      }
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 64, 65])('objects of %i fields keep their order', (width) => {
    const names = Array.from({ length: width }, (_, i) => `field${width - i}`);
    const values = Array.from({ length: 9 }, (_, row) => Object.fromEntries(names.map((name, i) => [name, row * i])));

    const decoded = roundTrip(values);

    expect(decoded).toStrictEqual(values);
    expect(Object.keys(decoded[0] as object)).toEqual(names);
  });

  test('an error names the field of a record, columnar or packed', () => {
    const values = rows.map((row, i) => ({ ...row, user: { ...row.user, call: i === 7 ? () => 1 : i } }));

    expect(() => writeColumn(values, values.length, out, 'value')).toThrow(ValueError);
    out.begin(1 << 24);
    expect(() => writeColumn(values, values.length, out, 'value')).toThrow('value.user.call is a function');
    out.begin(1 << 24);
    expect(() => writeColumn(values.slice(7, 8), 1, out, 'value')).toThrow('value.user.call is a function');
  });

  test('stops when the limit is exceeded, whatever the form', () => {
    const text = 'x'.repeat(2_000);
    for (const values of [[1, 2], [text, 'y'], [true, false], rows, [{ text }, 1]]) {
      const batch = Array.from({ length: 400 }, (_, i) => values[i % values.length]);
      out.begin(256);
      expect(() => writeColumn(batch, batch.length, out, 'value')).toThrow(BatchOverflow);
    }
  });

  test('decoded strings keep nothing else alive', () => {
    // Strings of one decoded batch are slices of one parent unless they are detached; the parent shows as heap per kept string.
    // (15 KB here).
    const kept: string[] = [];
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    collect();
    const before = process.memoryUsage().heapUsed;

    for (let batch = 0; batch < 300; batch++) {
      const values = Array.from({ length: 500 }, (_, i) => [`identifier ${batch} ${i} of some length`, i]);
      out.begin(1 << 24);
      kept.push((roundTrip(values)[5] as [string, number])[0]);
    }

    collect();
    const perString = (process.memoryUsage().heapUsed - before) / kept.length;
    expect(perString).toBeLessThan(5_000);
  });
});
