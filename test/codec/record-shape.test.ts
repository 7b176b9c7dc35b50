import { beforeEach, describe, expect, test } from 'vitest';
import { ByteReader } from '../../src/codec/byte-reader.ts';
import { ByteWriter } from '../../src/codec/byte-writer.ts';
import { readShape, writeShape, writtenShapeOf } from '../../src/codec/record-shape.ts';

let out: ByteWriter;

beforeEach(() => {
  out = new ByteWriter();
  out.begin(1 << 20);
});

function objectOf(...names: readonly string[]): object {
  return Object.fromEntries(names.map((name, i) => [name, i]));
}

function reader(): ByteReader {
  const memory = new ArrayBuffer(out.length);
  new Uint8Array(memory).set(out.bytes.subarray(0, out.length));
  return new ByteReader(memory);
}

function roundTrip(value: object): readonly string[] {
  out.begin(1 << 20);
  writeShape(writtenShapeOf(value, 8)!, out);
  const from = reader();
  const { names } = readShape(from);
  expect(from.at).toBe(out.length);
  return names;
}

describe('the shape of records', () => {
  test.each([
    [['a']],
    [['amount', 'card']],
    [['card', 'amount']],
    [['', ' ', '\u20ac', '\ud800']],
    [['x'.repeat(300)]],
    [Array.from({ length: 64 }, (_, i) => `field${i}`)],
  ])('%j arrives as written, the first time and later', (names) => {
    const value = objectOf(...names);

    expect(roundTrip(value)).toEqual(names);
    expect(roundTrip(value)).toEqual(names);
  });

  test('is made once while it is in use', () => {
    const first = writtenShapeOf({ left: 1, right: 2 }, 8);

    expect(writtenShapeOf({ left: 'x', right: null }, 8)).toBe(first);
    expect(writtenShapeOf({ right: 1, left: 2 }, 8)).not.toBe(first);
  });

  test('of few records is made when it comes a second time', () => {
    expect(writtenShapeOf({ rarely: 1, seen: 2 }, 7)).toBeUndefined();
    expect(writtenShapeOf({ another: 1 }, 7)).toBeUndefined();

    expect(writtenShapeOf({ rarely: 1, seen: 2 }, 1)?.names).toEqual(['rarely', 'seen']);
  });

  test('is read once and then recognized', () => {
    writeShape(writtenShapeOf({ once: 1, only: 2 }, 8)!, out);

    expect(readShape(reader())).toBe(readShape(reader()));
  });

  test('stays right when there are more shapes than are remembered', () => {
    const shapes = Array.from({ length: 600 }, (_, i) => [`n${i}`, `m${i % 7}`]);

    for (let round = 0; round < 2; round++) {
      for (const names of shapes) expect(roundTrip(objectOf(...names))).toEqual(names);
    }
  });

  test('tells shapes of one hash apart', () => {
    writeShape(writtenShapeOf({ abc: 1 }, 8)!, out);
    const first = reader();
    readShape(first);
    const forged = reader();
    // Another name under the same hash.
    forged.bytes[9] = 'z'.charCodeAt(0);

    expect(readShape(forged).names).toEqual(['zbc']);
    expect(readShape(reader()).names).toEqual(['abc']);
  });

  test.each([
    ['no fields', {}],
    ['an own __proto__', JSON.parse('{"__proto__":1}') as object],
    ['65 fields', objectOf(...Array.from({ length: 65 }, (_, i) => `f${i}`))],
    ['a name of 70,000 characters', objectOf('n'.repeat(70_000))],
  ])('does not exist for an object with %s', (_, value) => {
    expect(writtenShapeOf(value, 8)).toBeUndefined();
  });
});
