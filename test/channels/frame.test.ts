import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameColumns } from '../../src/channels/frame-columns.ts';
import { decodeFrame, readFrameBytes } from '../../src/channels/frame-decoder.ts';
import { FrameEncoder } from '../../src/channels/frame-encoder.ts';
import { FRAME_BYTES_MAX } from '../../src/channels/frame-format.ts';
import { ByteReader } from '../../src/codec/byte-reader.ts';
import { type ControlElement, CorruptionError, type Key, StreamRecord, ValueError } from '../../src/model/index.ts';

function record(value: unknown, key?: Key, timestamp = 1, ingestTime = 2): StreamRecord {
  return new StreamRecord(value, key, timestamp, ingestTime);
}

function bytesOf(encoder: FrameEncoder): Buffer {
  return Buffer.from(encoder.bytes.subarray(0, encoder.length));
}

function unitsOf(encoder: FrameEncoder): string[] {
  return bytesOf(encoder).toString('hex').match(/.{16}/g) ?? [];
}

function readerOf(frame: Uint8Array): ByteReader {
  const memory = new ArrayBuffer(frame.length);
  new Uint8Array(memory).set(frame);
  return new ByteReader(memory);
}

function withoutNegativeZero(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withoutNegativeZero(field)]));
}

function roundTrip(records: readonly StreamRecord[]): StreamRecord[] | ControlElement {
  const encoder = new FrameEncoder();
  expect(encoder.records(records, 0, records.length, FRAME_BYTES_MAX)).toBe(records.length);
  return decodeFrame(readerOf(bytesOf(encoder)));
}

describe('a frame', () => {
  test('of a marker has exactly these bytes', () => {
    const encoder = new FrameEncoder();

    encoder.control({ kind: 'marker', epoch: 3, isFinal: true });

    expect(bytesOf(encoder).toString('hex')).toBe('1800000002000000' + '0000000000000840' + '0100000000000000');
    expect(decodeFrame(readerOf(bytesOf(encoder)))).toEqual({ kind: 'marker', epoch: 3, isFinal: true });
  });

  test('of a watermark has exactly these bytes', () => {
    const encoder = new FrameEncoder();

    encoder.control({ kind: 'watermark', time: 3, isIdle: true, ingestTime: 1 });

    expect(bytesOf(encoder).toString('hex')).toBe(
      '2000000003000000' + '0000000000000840' + '000000000000f03f' + '0100000000000000',
    );
  });

  test.each([Number.NEGATIVE_INFINITY, -1.5, Number.POSITIVE_INFINITY])('of a watermark keeps the time %d', (time) => {
    const encoder = new FrameEncoder();
    const watermark = { kind: 'watermark' as const, time, isIdle: false, ingestTime: 0.25 };

    encoder.control(watermark);

    expect(decodeFrame(readerOf(bytesOf(encoder)))).toEqual(watermark);
  });

  test('of records has exactly these bytes', () => {
    const encoder = new FrameEncoder();

    encoder.records([record('v', 'k', 1, 2), record('w', 'k', 1, 3)], 0, 2, 1024);

    expect(unitsOf(encoder)).toEqual([
      '5000000001010000', // 80 bytes of records, one timestamp for all
      '0200000000000000', // 2 of them, keys in a column of their own
      '000000000000f03f', // timestamp 1
      '0000000000000040', // ingestTime 2
      '0000000000000840', // and 3
      '0301010004000000', // value: text
      '0101767700000000', // lengths 1 and 1, 'vw'
      '0100000010000000', // key: constant
      '0301010002000000', // text
      '016b000000000000', // length 1, 'k'
    ]);
  });

  test('of records whose keys are a field has exactly these bytes', () => {
    const encoder = new FrameEncoder();
    const records = Array.from({ length: 8 }, (_, i) => record({ on: true, id: i + 1 }, i + 1));

    encoder.records(records, 0, 8, 1024);

    expect(unitsOf(encoder).slice(0, 6)).toEqual([
      '7800000001030000', // 120 bytes of records, one timestamp and one ingestTime for all
      '0800000003000000', // 8 of them, keys are field 1
      '000000000000f03f', // timestamp 1
      '0000000000000040', // ingestTime 2
      '0500000050000000', // value: records
      expect.stringMatching(/^02000101/), // 2 fields, lengths and characters of one byte, a hash
    ]);
    expect(unitsOf(encoder).slice(6)).toEqual([
      '02026f6e69640000', // lengths 2 and 2, 'onid'
      '0100000010000000', // on: constant
      '0400000001000000', // boolean
      '0100000000000000', // true
      '0204000020000000', // id: numbers of 4 bytes
      '0100000002000000',
      '0300000004000000',
      '0500000006000000',
      '0700000008000000',
    ]);
  });

  test.each([
    ['no key', [undefined, undefined]],
    ['one key', ['a', 'a']],
    ['string keys', ['a', 'b', '\ud800']],
    ['number keys', [1, 2.5, Number.NaN]],
    ['boolean keys', [true, false]],
    ['bigint keys', [1n, 2n]],
    ['keys of several types', ['1', 1, 1n, true, undefined]],
  ])('brings back records with %s', (_, keys) => {
    const records = keys.map((key, i) => record({ n: i }, key, i % 2 === 0 ? Number.NaN : i, i / 10));

    expect(roundTrip(records)).toStrictEqual(records);
  });

  const people = Array.from({ length: 9 }, (_, i) => ({
    name: `p${i}`,
    id: i,
    big: BigInt(i),
    ok: i % 2 === 0,
    same: 'x',
    ratio: i === 3 ? Number.NaN : i / 4,
    mixed: i === 0 ? 'a' : i,
    home: { city: `c${i}` },
  }));
  const KEY_SOURCE_AT = 12;

  test.each([
    ['a text field', people, (p: (typeof people)[0]) => p.name, 2],
    ['a number field', people, (p: (typeof people)[0]) => p.id, 3],
    ['a bigint field', people, (p: (typeof people)[0]) => p.big, 4],
    ['a boolean field', people, (p: (typeof people)[0]) => p.ok, 5],
    ['a constant field', people, (p: (typeof people)[0]) => p.same, 6],
    ['a field with NaN', people, (p: (typeof people)[0]) => p.ratio, 7],
    ['a field of several types', people, (p: (typeof people)[0]) => p.mixed, 8],
    ['a nested field', people, (p: (typeof people)[0]) => p.home.city, 0],
    ['a field but once', people, (p: (typeof people)[0]) => (p.id === 8 ? 'other' : p.name), 0],
    ['something computed', people, (p: (typeof people)[0]) => `${p.name}/${p.id}`, 0],
  ])('finds keys again that are %s', (_, values, keyOf, source) => {
    const records = values.map((value) => record(value, keyOf(value)));
    const encoder = new FrameEncoder();

    encoder.records(records, 0, records.length, 1 << 16);

    expect(bytesOf(encoder).readUInt32LE(KEY_SOURCE_AT)).toBe(source);
    expect(decodeFrame(readerOf(bytesOf(encoder)))).toStrictEqual(records);
  });

  test('finds keys again that are the values', () => {
    const records = ['to', 'be', 'or', 'not', 'to', 'be'].map((word) => record(word, word));
    const encoder = new FrameEncoder();

    encoder.records(records, 0, records.length, 1024);

    expect(bytesOf(encoder).readUInt32LE(KEY_SOURCE_AT)).toBe(1);
    expect(decodeFrame(readerOf(bytesOf(encoder)))).toStrictEqual(records);
  });

  test('does not take a key of 0 for a field of -0', () => {
    const records = Array.from({ length: 9 }, (_, i) => record({ n: i === 4 ? -0 : i }, i === 4 ? 0 : i));

    const decoded = roundTrip(records) as StreamRecord<{ n: number }>[];

    expect(Object.is(decoded[4]!.key, 0)).toBe(true);
    expect(Object.is(decoded[4]!.value.n, -0)).toBe(true);
  });

  test('brings back any records, whatever their keys are', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 1, 2, true), fc.string({ maxLength: 3 }));
    const value = fc.oneof(
      { weight: 4, arbitrary: fc.record({ k: key, n: fc.integer() }) },
      fc.record({ n: fc.double(), k: fc.option(key) }),
      key,
    );
    const time = fc.oneof(fc.constantFrom(Number.NaN, 0, 1), fc.double());
    const one = fc.tuple(value, fc.option(key, { nil: undefined }), time, time, fc.boolean());
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 30 }), fc.boolean(), (rows, isKeyedByField) => {
        const records = rows.map(([value, key, timestamp, ingestTime, isOdd]) => {
          const field = typeof value === 'object' ? (value.k ?? undefined) : value;
          return record(value, isKeyedByField || isOdd ? field : key, timestamp, ingestTime);
        });

        // Packed numbers may lose the sign of 0: docs/value-domain.md.
        expect(withoutNegativeZero(roundTrip(records))).toStrictEqual(withoutNegativeZero(records));
      }),
      { numRuns: 1_000 },
    );
  });

  test('of any records is the same whether these come as a list or as columns', () => {
    const records = people.map((person, i) => record(person, person.name, i, i % 3));
    const columns = new FrameColumns();
    for (const one of records) columns.add(one);
    const fromList = new FrameEncoder();
    const fromColumns = new FrameEncoder();

    fromList.records(records, 0, records.length, 1 << 16);
    fromColumns.columns(columns, 1 << 16);

    expect(bytesOf(fromColumns)).toEqual(bytesOf(fromList));
  });

  test('with keys in an unknown place is damaged', () => {
    const encoder = new FrameEncoder();
    encoder.records([record('a', 'b')], 0, 1, 1024);
    const frame = bytesOf(encoder);

    frame[KEY_SOURCE_AT] = 9;

    expect(() => decodeFrame(readerOf(frame))).toThrow('keys in the unknown place 9');
  });

  test('says how long it is in its header', () => {
    const encoder = new FrameEncoder();
    encoder.records([record({ a: 'text' })], 0, 1, 1024);

    expect(readFrameBytes(readerOf(bytesOf(encoder)))).toBe(encoder.length);
    expect(encoder.length % 8).toBe(0);
  });

  test('takes as many records as fit, at least one', () => {
    const encoder = new FrameEncoder();
    const records = Array.from({ length: 64 }, (_, i) => record(`${i}`.padEnd(1000)));

    const count = encoder.records(records, 0, 64, 10_000);
    expect(count).toBeGreaterThan(2);
    expect(encoder.length).toBeLessThanOrEqual(10_000);
    expect(decodeFrame(readerOf(bytesOf(encoder)))).toStrictEqual(records.slice(0, count));

    expect(encoder.records(records, 63, 64, 100)).toBe(1);
    expect(decodeFrame(readerOf(bytesOf(encoder)))).toStrictEqual(records.slice(63));
  });

  test('grows again when records become small again', () => {
    const encoder = new FrameEncoder();
    const large = Array.from({ length: 64 }, (_, i) => record(`${i}`.padEnd(5_000)));
    const small = Array.from({ length: 512 }, (_, i) => record(i));
    encoder.records(large, 0, 64, 10_000);

    const counts = Array.from({ length: 100 }, () => encoder.records(small, 0, 512, 10_000));

    expect(counts[0]).toBeLessThan(64);
    expect(counts.at(-1)).toBe(512);
  });

  test('refuses a record beyond the maximum, by key', () => {
    const encoder = new FrameEncoder();
    const huge = record(Buffer.alloc(FRAME_BYTES_MAX), 'the key');

    expect(() => encoder.records([record(1), huge], 0, 2, 1024)).not.toThrow();
    expect(() => encoder.records([huge], 0, 1, 1024)).toThrow(ValueError);
    expect(() => encoder.records([huge], 0, 1, 1024)).toThrow('"the key" takes more than 67108864 bytes');
  });

  test('a value outside the domain is refused by path, and the encoder stays usable', () => {
    const encoder = new FrameEncoder();

    expect(() => encoder.records([record({ a: [() => 1] })], 0, 1, 1024)).toThrow('value.a[0] is a function');

    encoder.records([record(1)], 0, 1, 1024);
    expect(decodeFrame(readerOf(bytesOf(encoder)))).toStrictEqual([record(1)]);
  });

  test('damage is noticed', () => {
    const encoder = new FrameEncoder();
    encoder.control({ kind: 'marker', epoch: 1, isFinal: false });
    const frame = bytesOf(encoder);

    frame[4] = 9;
    expect(() => decodeFrame(readerOf(frame))).toThrow(CorruptionError);
    frame[0] = 17;
    expect(() => readFrameBytes(readerOf(frame))).toThrow('claims 17 bytes');
  });
});
