import { deepStrictEqual } from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ShuffleOutput, ShuffleReader, ShuffleWriter } from '../../src/channels/index.ts';
import { type Key, type RecordReceiver, StreamRecord, ValueError } from '../../src/model/index.ts';
import { domainValue } from '../codec/values.ts';
import { CollectingReceiver, marker, recordOf } from './doubles.ts';

const LARGE = 1 << 30;

interface Write {
  readonly bin: number;
  readonly record: StreamRecord;
}

/** As it arrives on another thread. */
function sent(output: ShuffleOutput): ShuffleOutput {
  return structuredClone(output);
}

function writeAll(writer: ShuffleWriter, writes: readonly Write[]): ShuffleOutput {
  for (const { bin, record } of writes) writer.channels[bin]!.write(record);
  return writer.take();
}

function readAll(parts: readonly ShuffleOutput[], firstBin: number, lastBin: number, limit = 100): StreamRecord[] {
  const reader = new ShuffleReader(parts, firstBin, lastBin);
  const receiver = new CollectingReceiver();
  while (!reader.isEmpty()) reader.drain(receiver, limit);
  return receiver.records;
}

/** `count` records over `bins` bins, in turn. */
function roundRobin(count: number, bins: number, valueAt: (i: number) => unknown = (i) => i): Write[] {
  return Array.from({ length: count }, (_, i) => ({ bin: i % bins, record: recordOf(valueAt(i)) }));
}

/** What a plain-array program would read: by bin, by producer, in the order of writing. */
function expectedOf(parts: readonly (readonly Write[])[], firstBin: number, lastBin: number): StreamRecord[] {
  const records: StreamRecord[] = [];
  for (let bin = firstBin; bin <= lastBin; bin++) {
    for (const part of parts) for (const write of part) if (write.bin === bin) records.push(write.record);
  }
  return records;
}

const key: fc.Arbitrary<Key | undefined> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.integer(),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
  fc.constant(undefined),
);

const timestamp: fc.Arbitrary<number> = fc.oneof(fc.integer(), fc.constant(Number.NaN));

function writesTo(bins: number, value: fc.Arbitrary<unknown>, maxLength: number): fc.Arbitrary<Write[]> {
  const write = fc
    .tuple(fc.nat({ max: bins - 1 }), value, key, timestamp, fc.nat())
    .map(([bin, ...fields]) => ({ bin, record: new StreamRecord(...fields) }));
  return fc.array(write, { maxLength });
}

interface Exchange {
  readonly bins: number;
  readonly frameRecordsMax: number;
  /** By batch, by producer. */
  readonly batches: readonly (readonly Write[][])[];
  readonly isRecycled: boolean;
  readonly limit: number;
}

function exchange(value: fc.Arbitrary<unknown>, maxLength: number): fc.Arbitrary<Exchange> {
  return fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4 })).chain(([bins, producers]) =>
    fc.record({
      bins: fc.constant(bins),
      frameRecordsMax: fc.integer({ min: 1, max: 40 }),
      batches: fc.array(fc.array(writesTo(bins, value, maxLength), { minLength: producers, maxLength: producers }), {
        minLength: 1,
        maxLength: 3,
      }),
      isRecycled: fc.boolean(),
      limit: fc.integer({ min: 1, max: 50 }),
    }),
  );
}

/** Runs all batches with the same writers and compares what every consumer reads, twice. */
function checkExchange({ bins, frameRecordsMax, batches, isRecycled, limit }: Exchange): void {
  const writers = batches[0]!.map(() => new ShuffleWriter({ bins, frameRecordsMax, bytesMax: LARGE }));
  for (const batch of batches) {
    if (isRecycled) for (const writer of writers) writer.recycle();
    const parts = batch.map((writes, producer) => sent(writeAll(writers[producer]!, writes)));

    expect(parts.map((part) => part.records)).toEqual(batch.map((writes) => writes.length));
    const middle = Math.floor(bins / 2);
    const consumers = [[0, bins - 1], ...(middle > 0 ? [[0, middle - 1]] : []), [middle, bins - 1]];
    for (const [first, last] of consumers) {
      const expected = expectedOf(batch, first!, last!);
      deepStrictEqual(readAll(parts, first!, last!, limit), expected);
      deepStrictEqual(readAll(parts, first!, last!, 1), expected);
    }
  }
}

describe('a shuffle', () => {
  test('equals plain arrays: any bins, frames, producers and batches of any values (I11)', () => {
    fc.assert(fc.property(exchange(domainValue, 40), checkExchange), { numRuns: 200 });
  });

  test('equals plain arrays: small records, enough of them for frames of all kinds (I11)', () => {
    const value = fc.record({ n: fc.nat(), text: fc.string({ maxLength: 5 }) });

    fc.assert(fc.property(exchange(value, 400), checkExchange), { numRuns: 60 });
  });

  test('hands over text that fills several frames of a few records each', () => {
    const writes = roundRobin(200, 3, (i) => `${i} `.padEnd(1_000 * (i % 40), 'ä'));
    const writer = new ShuffleWriter({ bins: 3, bytesMax: LARGE });

    const output = writeAll(writer, writes);

    deepStrictEqual(readAll([sent(output)], 0, 2), expectedOf([writes], 0, 2));
  });

  test('hands over a record larger than a chunk, between others', () => {
    const writes = roundRobin(9, 2, (i) => (i === 4 ? Buffer.alloc(3 << 20, i) : i));
    const writer = new ShuffleWriter({ bins: 2, bytesMax: LARGE });

    const output = sent(writeAll(writer, writes));

    expect(output.bytes).toBeGreaterThan(3 << 20);
    // Without the difference, which takes minutes to print.
    expect(isDeepStrictEqual(readAll([output], 0, 1), expectedOf([writes], 0, 1))).toBe(true);
  });

  test('tells frames apart that stand at the same place of two chunks', () => {
    const writer = new ShuffleWriter({ bins: 3, bytesMax: LARGE });
    // Now frames are made of 8 records, so that those of bins 0 and 1 wait until the end, and share a frame.
    writeAll(writer, roundRobin(7, 1));
    writer.recycle();
    const few = roundRobin(2, 2, (i) => `${i}`.padEnd(700));
    const many = Array.from({ length: 8 }, (_, i) => ({ bin: 2, record: recordOf(Buffer.alloc(130_900, i)) }));

    const output = writeAll(writer, [...few, ...many]);

    expect([...framesOf(output)]).toEqual(expect.arrayContaining(['0:64', '1:64']));
    expect(isDeepStrictEqual(readAll([output], 0, 2), expectedOf([[...few, ...many]], 0, 2))).toBe(true);
  });

  test('what was read refers to nothing that is overwritten later', () => {
    const writer = new ShuffleWriter({ bins: 1, bytesMax: LARGE });
    const writes = roundRobin(100, 1, (i) => ({ bytes: Buffer.alloc(50, i), text: `text of some length ${i}` }));
    const records = readAll([writeAll(writer, writes)], 0, 0);

    writer.recycle();
    writeAll(
      writer,
      roundRobin(1_000, 1, () => ({ bytes: Buffer.alloc(50, 255), text: 'x'.repeat(30) })),
    );

    deepStrictEqual(records, expectedOf([writes], 0, 0));
  });

  test('nothing written is nothing read', () => {
    const writer = new ShuffleWriter({ bins: 4, bytesMax: LARGE });

    const output = writer.take();

    expect([output.records, output.bytes, output.chunks.length]).toEqual([0, 0, 0]);
    expect(new ShuffleReader([sent(output), output], 0, 3).isEmpty()).toBe(true);
    expect(new ShuffleReader([], 0, 3).isEmpty()).toBe(true);
  });
});

describe('a shuffle writer', () => {
  test('few records of many bins share one frame', () => {
    const writer = new ShuffleWriter({ bins: 32, bytesMax: LARGE });
    writeAll(writer, roundRobin(1, 32));

    const output = writeAll(writer, roundRobin(10, 32));

    expect(framesOf(output).size).toBe(1);
    deepStrictEqual(readAll([output], 3, 3), expectedOf([roundRobin(10, 32)], 3, 3));
  });

  test('many records make frames of as many as it was told, however small the first ones were', () => {
    const writer = new ShuffleWriter({ bins: 4, frameRecordsMax: 100, bytesMax: LARGE });
    writeAll(writer, roundRobin(10_000, 4));

    const output = writeAll(writer, roundRobin(10_000, 4));

    expect(framesOf(output).size).toBe(100);
  });

  test('large records do not wait for as much company as small ones (I8)', () => {
    const writer = new ShuffleWriter({ bins: 1, frameRecordsMax: 100, bytesMax: 1 << 20 });
    const megabyteInAll = roundRobin(100, 1, (i) => `${i}`.padEnd(20_000));
    let written = 0;

    const write = (): void => {
      for (const { record } of megabyteInAll) {
        writer.channels[0]!.write(record);
        written++;
      }
    };

    expect(write).toThrow(expect.objectContaining({ code: 'ERR_SHUFFLE_TOO_LARGE' }));
    // 52 fit the bound; 3 of them make a frame.
    expect(written).toBeGreaterThanOrEqual(51);
    expect(written).toBeLessThan(56);
  });

  test('control elements, steps and flushes leave nothing in the output', () => {
    const writer = new ShuffleWriter({ bins: 2, bytesMax: LARGE });
    const channel = writer.channels[1]!;

    channel.control(marker(1));
    channel.write(recordOf('a'));
    channel.control(marker(2));
    channel.flush();
    expect(channel.handOver()).toBe(false);
    expect(channel.isBlocked()).toBe(false);
    channel.write(recordOf('b'));

    const output = writer.take();
    expect(readAll([output], 0, 1)).toStrictEqual([recordOf('a'), recordOf('b')]);
    expect(framesOf(output).size).toBe(2);
  });

  test('a closed channel takes nothing more, and keeps what it has', () => {
    const writer = new ShuffleWriter({ bins: 1, bytesMax: LARGE });
    const channel = writer.channels[0]!;
    channel.write(recordOf('a'));
    channel.write(recordOf('b'));

    channel.close();
    channel.close();

    expect(() => channel.write(recordOf('c'))).toThrow('I10');
    expect(() => channel.control(marker(1))).toThrow('I10');
    expect(readAll([writer.take()], 0, 0)).toStrictEqual([recordOf('a'), recordOf('b')]);
  });

  test('discards all that was written since the last output, encoded or not', () => {
    const writer = new ShuffleWriter({ bins: 3, frameRecordsMax: 10, bytesMax: LARGE });
    const before = writeAll(writer, roundRobin(100, 3));
    for (const { bin, record } of roundRobin(101, 3, (i) => -i)) writer.channels[bin]!.write(record);

    writer.discard();

    const behind = writeAll(writer, roundRobin(5, 3));
    expect([behind.records, behind.bytes < before.bytes]).toEqual([5, true]);
    deepStrictEqual(readAll([behind], 0, 2), expectedOf([roundRobin(5, 3)], 0, 2));
    deepStrictEqual(readAll([before], 0, 2), expectedOf([roundRobin(100, 3)], 0, 2));
  });

  test('more than the bound of an output fails the job, and says what to change (I8)', () => {
    const writer = new ShuffleWriter({ bins: 2, bytesMax: 10_000 });
    const writeTooMuch = (): ShuffleOutput => writeAll(writer, roundRobin(10_000, 2));

    expect(writeTooMuch).toThrow(
      expect.objectContaining({
        code: 'ERR_SHUFFLE_TOO_LARGE',
        recovery: 'none',
        message: expect.stringMatching(
          /10000 bytes.*batch\.shuffleBytesMax.*continuous.*batch\.recordsMax.*batch\.bytesMax/,
        ),
      }),
    );

    writer.discard();
    expect(writeAll(writer, roundRobin(10, 2)).records).toBe(10);
  });

  test('the bound is of each output, and counts what still waits when it is taken', () => {
    const writer = new ShuffleWriter({ bins: 1, bytesMax: 10_000 });
    const small = (): ShuffleOutput =>
      writeAll(
        writer,
        roundRobin(50, 1, (i) => `${i}`.padEnd(100)),
      );

    for (let i = 0; i < 5; i++) expect(small().bytes).toBeGreaterThan(5_000);
    writer.channels[0]!.write(recordOf('x'.repeat(20_000)));

    expect(() => writer.take()).toThrow(expect.objectContaining({ code: 'ERR_SHUFFLE_TOO_LARGE' }));
  });

  test('refuses a value outside the value domain by its path, at once or when the output is taken', () => {
    const bad = recordOf({ a: [() => 1] });
    const small = new ShuffleWriter({ bins: 1, frameRecordsMax: 1, bytesMax: LARGE });
    const waiting = new ShuffleWriter({ bins: 1, bytesMax: LARGE });
    writeAll(waiting, roundRobin(10, 1));
    waiting.channels[0]!.write(bad);

    expect(() => small.channels[0]!.write(bad)).toThrow(ValueError);
    expect(() => small.channels[0]!.write(bad)).toThrow('value.a[0] is a function');
    expect(() => waiting.take()).toThrow('value.a[0] is a function');
    waiting.discard();
    expect(writeAll(waiting, roundRobin(3, 1)).records).toBe(3);
  });

  test.each([
    [{ bins: 0, bytesMax: 1 }, 'an exchange has 1 bin or more, not 0'],
    [{ bins: 1, frameRecordsMax: 0, bytesMax: 1 }, 'a frame takes 1 record or more, not 0'],
  ])('is not made of %j', (options, message) => {
    expect(() => new ShuffleWriter(options)).toThrow(message);
  });
});

describe('a shuffle reader', () => {
  const writes = roundRobin(300, 5);
  const output = writeAll(new ShuffleWriter({ bins: 5, frameRecordsMax: 7, bytesMax: LARGE }), writes);

  test('drains no more than the limit, across frames', () => {
    const reader = new ShuffleReader([output, output], 1, 3);
    const receiver = new CollectingReceiver();

    expect(reader.drain(receiver, 0)).toBe(0);
    expect(reader.drain(receiver, 13)).toBe(13);
    expect(reader.drain(receiver, 1_000)).toBe(360 - 13);
    expect(reader.drain(receiver, 1)).toBe(0);
    deepStrictEqual(receiver.records, expectedOf([writes, writes], 1, 3));
  });

  test('stops at the very record that fills the receiver', () => {
    const reader = new ShuffleReader([output], 0, 4);
    const receiver = new CollectingReceiver();
    receiver.capacity = 30;

    expect(reader.drain(receiver, 100)).toBe(30);
    expect(reader.drain(receiver, 100)).toBe(0);
    receiver.capacity = Number.POSITIVE_INFINITY;
    expect(reader.drain(receiver, 1_000)).toBe(270);
    deepStrictEqual(receiver.records, expectedOf([writes], 0, 4));
  });

  test('a record whose receiver throws is not handed over again', () => {
    const reader = new ShuffleReader([output], 0, 0);
    const failing: RecordReceiver = {
      receive: () => {
        throw new Error('operator failed');
      },
      isBlocked: () => false,
    };

    expect(() => reader.drain(failing, 10)).toThrow('operator failed');

    const receiver = new CollectingReceiver();
    reader.drain(receiver, 1_000);
    deepStrictEqual(receiver.records, expectedOf([writes], 0, 0).slice(1));
  });

  test.each([
    [-1, 0],
    [2, 1],
    [0, 5],
  ])('does not read bins %d .. %d of 5', (first, last) => {
    expect(() => new ShuffleReader([output], first, last)).toThrow(
      `bins ${first} .. ${last} are read of an exchange of 5`,
    );
  });
});

/** Places of the frames that the runs are in: chunk and offset. */
function framesOf({ runs }: ShuffleOutput): Set<string> {
  return new Set(Array.from({ length: runs.length / 5 }, (_, run) => `${runs[run * 5]}:${runs[run * 5 + 1]}`));
}
