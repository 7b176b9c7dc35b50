import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRing, RingConsumer, RingProducer } from '../../src/channels/ring.ts';

const UNIT = 8;

function ringOf(capacityBytes: number): { producer: RingProducer; consumer: RingConsumer } {
  const ring = createRing(capacityBytes);
  return { producer: new RingProducer(ring), consumer: new RingConsumer(ring) };
}

/** `length` bytes that say where in the stream they are. */
function numbered(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (from + i) % 251);
}

function readAll(consumer: RingConsumer, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, consumer.read(bytes, 0, length));
}

describe('a ring', () => {
  test.each([0, 63, 65, 96, -64, 2 ** 31, Number.NaN])('has a power of two of bytes, not %d', (bytes) => {
    expect(() => createRing(bytes)).toThrow('power of two');
  });

  test('keeps positions and data on cache lines of their own', () => {
    expect(createRing(64).byteLength).toBe(64 + 256);
    const ring = createRing(64);
    const words = new Int32Array(ring);

    new RingProducer(ring).write(numbered(1, 16), 0, 16);
    new RingConsumer(ring).read(new Uint8Array(8), 0, 8);

    expect(words[0]).toBe(16);
    expect(words[16]).toBe(8);
    expect([...new Uint8Array(ring, 256, 16)]).toEqual([...numbered(1, 16)]);
  });

  test('wraps at every offset, with writes of every size', () => {
    for (let start = 0; start <= 64; start += UNIT) {
      for (let size = UNIT; size <= 64; size += UNIT) {
        const { producer, consumer } = ringOf(64);
        expect(producer.write(numbered(0, start), 0, start)).toBe(start);
        readAll(consumer, start);

        expect(producer.write(numbered(7, size), 0, size)).toBe(size);

        expect(readAll(consumer, 128)).toEqual(numbered(7, size));
        expect(consumer.available()).toBe(0);
      }
    }
  });

  test('takes what there is room for, to the last unit', () => {
    const { producer, consumer } = ringOf(64);

    expect(producer.write(numbered(0, 56), 0, 56)).toBe(56);
    expect(producer.write(numbered(56, 16), 0, 16)).toBe(8);
    expect(producer.write(numbered(64, 8), 0, 8)).toBe(0);
    expect(readAll(consumer, 8)).toEqual(numbered(0, 8));
    expect(producer.write(numbered(64, 16), 0, 16)).toBe(8);

    expect(readAll(consumer, 128)).toEqual(numbered(8, 64));
  });

  test('positions pass 2^32 without harm', () => {
    const ring = createRing(64);
    const words = new Int32Array(ring);
    words[0] = -16;
    words[16] = -16;
    const producer = new RingProducer(ring);
    const consumer = new RingConsumer(ring);

    for (let round = 0; round < 6; round++) {
      expect(producer.write(numbered(round * 40, 40), 0, 40)).toBe(40);
      expect(consumer.available()).toBe(40);
      expect(readAll(consumer, 64)).toEqual(numbered(round * 40, 40));
    }
    expect(words[0]).toBe(224);
  });

  test('takes whole units only', () => {
    expect(() => ringOf(64).producer.write(new Uint8Array(12), 0, 12)).toThrow('whole units');
  });

  test('I5: a second producer is noticed', () => {
    const ring = createRing(64);
    const one = new RingProducer(ring);
    const other = new RingProducer(ring);
    const consumer = new RingConsumer(ring);
    one.write(numbered(0, 64), 0, 64);
    readAll(consumer, 64);
    one.write(numbered(0, 64), 0, 64);
    readAll(consumer, 64);

    expect(() => other.write(numbered(0, 64), 0, 64) + other.write(numbered(0, 64), 0, 64)).toThrow('I5');
  });

  test('tells the consumer once that the producer waits', () => {
    const { producer, consumer } = ringOf(64);
    expect(consumer.takeProducerWait()).toBe(false);

    producer.announceWait();

    expect(consumer.takeProducerWait()).toBe(true);
    expect(consumer.takeProducerWait()).toBe(false);
  });

  test('the waiting producer is not mentioned before half of the ring is free', () => {
    const { producer, consumer } = ringOf(64);
    producer.write(numbered(0, 64), 0, 64);
    producer.announceWait();
    const mentioned: boolean[] = [];

    for (let unit = 0; unit < 6; unit++) {
      readAll(consumer, UNIT);
      mentioned.push(consumer.takeProducerWait());
    }

    expect(mentioned).toEqual([false, false, false, true, false, false]);
  });

  test('is a queue of bytes under any sequence of writes and reads', () => {
    const units = fc.integer({ min: 1, max: 12 }).map((count) => count * UNIT);
    const step = fc.record({ isWrite: fc.boolean(), size: units });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { producer, consumer } = ringOf(64);
        let written = 0;
        let read = 0;
        for (const { isWrite, size } of steps) {
          if (isWrite) {
            const taken = producer.write(numbered(written, size), 0, size);
            expect(taken).toBe(Math.min(size, 64 - (written - read)));
            written += taken;
          } else {
            const bytes = readAll(consumer, size);
            expect(bytes).toEqual(numbered(read, bytes.length));
            expect(bytes.length).toBe(Math.min(size, written - read));
            read += bytes.length;
          }
        }
        while (read < written) read += readAll(consumer, 64).length;
        expect(consumer.available()).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
