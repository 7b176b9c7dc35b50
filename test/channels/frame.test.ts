import { describe, expect, test } from 'vitest';
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

function readerOf(frame: Uint8Array): ByteReader {
  const memory = new ArrayBuffer(frame.length);
  new Uint8Array(memory).set(frame);
  return new ByteReader(memory);
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

  test('of records has exactly these bytes', () => {
    const encoder = new FrameEncoder();

    encoder.records([record('v', 'k', 1, 2), record('w', 'k', 1, 3)], 0, 2, 1024);

    expect(bytesOf(encoder).toString('hex').match(/.{16}/g)).toEqual([
      '6800000001000000', // 104 bytes of records
      '0200000000000000', // 2 of them
      '0100000010000000', // timestamp: constant
      '0200000008000000', // a float64
      '000000000000f03f', // 1
      '0200000010000000', // ingestTime: float64
      '0000000000000040', // 2
      '0000000000000840', // 3
      '0100000010000000', // key: constant
      '0301010002000000', // text
      '016b000000000000', // length 1, 'k'
      '0301010004000000', // value: text
      '0101767700000000', // lengths 1 and 1, 'vw'
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
