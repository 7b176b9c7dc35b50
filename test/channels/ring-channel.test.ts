import { beforeEach, describe, expect, test } from 'vitest';
import {
  createRing,
  RingChannelReader,
  RingChannelWriter,
  type RingChannelWriterOptions,
} from '../../src/channels/index.ts';
import { ValueError } from '../../src/model/index.ts';
import { describeChannel, describeOrder } from './channel.contract.ts';
import { CollectingReceiver, CountingBell, marker, recordOf, takeAll } from './doubles.ts';

function open(
  sizeBytes: number,
  options: Partial<RingChannelWriterOptions> = {},
): { writer: RingChannelWriter; reader: RingChannelReader; consumerBell: CountingBell; producerBell: CountingBell } {
  const ring = createRing(sizeBytes);
  const consumerBell = new CountingBell();
  const producerBell = new CountingBell();
  return {
    writer: new RingChannelWriter({ ring, consumerBell, ...options }),
    reader: new RingChannelReader({ ring, producerBell }),
    consumerBell,
    producerBell,
  };
}

describeChannel('a ring channel', () => open(1 << 16));
describeChannel('a ring channel of one record per frame', () => open(4096, { frameRecordsMax: 1 }));
describeOrder('a ring channel smaller than most frames', () => open(64));
describeOrder('a ring channel that holds one frame', () => open(256, { frameRecordsMax: 2 }));
describeChannel('a ring channel of small frames', () => open(4096, { frameBytesMax: 1024 }));

describe('a ring channel', () => {
  let channel: ReturnType<typeof open>;

  beforeEach(() => {
    channel = open(1 << 12, { frameRecordsMax: 4 });
  });

  test('hands over nothing before a flush, a full frame or a control element', () => {
    const { writer, reader, consumerBell } = channel;

    for (let i = 0; i < 3; i++) writer.write(recordOf(i));
    expect(reader.isEmpty()).toBe(true);
    expect(consumerBell.rings).toBe(0);

    writer.write(recordOf(3));
    expect(takeAll(reader)).toEqual([0, 1, 2, 3]);
    expect(consumerBell.rings).toBe(1);

    writer.write(recordOf(4));
    writer.control(marker(1));
    expect(takeAll(reader)).toEqual([4, marker(1)]);
    expect(consumerBell.rings).toBe(2);

    writer.write(recordOf(5));
    writer.flush();
    expect(takeAll(reader)).toEqual([5]);
    expect(consumerBell.rings).toBe(3);
  });

  test('hands over at the end of a step what a reader that keeps up would wait for', () => {
    const { writer, reader } = channel;

    writer.write(recordOf(0));

    expect(writer.handOver()).toBe(false);
    expect(takeAll(reader)).toEqual([0]);
  });

  test('holds records back for company while the reader is behind, in order, and only for so many steps (I8)', () => {
    const { writer, reader } = open(1 << 16);
    let written = 0;
    const step = (): boolean => {
      writer.write(recordOf(written++));
      return writer.handOver();
    };
    while (!step());

    const stepsHeld = 1 + [...Array(1000).keys()].findIndex(() => !writer.handOver());

    expect(stepsHeld).toBe(16);
    expect(takeAll(reader)).toEqual([...Array(written).keys()]);
    expect(step()).toBe(false);
    expect(takeAll(reader)).toEqual([written - 1]);
  });

  test('puts a control element behind records that are held back (I1)', () => {
    const { writer, reader } = open(1 << 16);
    let written = 0;
    do writer.write(recordOf(written++));
    while (!writer.handOver());

    writer.control(marker(1));

    expect(takeAll(reader)).toEqual([...Array(written).keys(), marker(1)]);
  });

  test('rings the consumer only when something was published', () => {
    const { writer, consumerBell } = channel;

    writer.flush();
    writer.isBlocked();
    expect(consumerBell.rings).toBe(0);

    writer.write(recordOf(1));
    writer.flush();
    writer.flush();
    expect(consumerBell.rings).toBe(1);
  });

  test('is blocked while a frame waits for room, and goes on as the reader makes some', () => {
    const { writer, reader } = channel;
    let written = 0;
    while (!writer.isBlocked()) writer.write(recordOf(written++));
    for (let i = 0; i < 10; i++) writer.write(recordOf(written++));
    expect(writer.isBlocked()).toBe(true);

    const taken = takeAll(reader);
    expect(taken.length).toBeGreaterThan(0);
    expect(writer.isBlocked()).toBe(false);

    while (taken.length < written) {
      writer.flush();
      taken.push(...takeAll(reader));
    }
    expect(taken).toEqual(Array.from({ length: written }, (_, i) => i));
  });

  test('keeps the order of records and markers written while it is blocked (I1)', () => {
    const { writer, reader } = channel;
    const expected: unknown[] = [];
    let next = 0;
    const write = (): void => {
      expected.push(next);
      writer.write(recordOf(next++));
    };
    while (!writer.isBlocked()) write();
    for (let i = 0; i < 30; i++) {
      if (i % 7 === 0) {
        expected.push(marker(i));
        writer.control(marker(i));
      } else {
        write();
      }
    }

    const taken: unknown[] = [];
    while (taken.length < expected.length) {
      writer.flush();
      taken.push(...takeAll(reader));
    }

    expect(taken).toEqual(expected);
  });

  test('the reader rings the producer once when it waits and half of the ring is free', () => {
    const { writer, reader, producerBell } = channel;
    writer.write(recordOf('a'));
    writer.flush();
    takeAll(reader);
    expect(producerBell.rings).toBe(0);

    while (!writer.isBlocked()) writer.write(recordOf('b'));
    expect(producerBell.rings).toBe(0);

    reader.drain(new CollectingReceiver(), 1);
    expect(producerBell.rings).toBe(0);
    reader.drain(new CollectingReceiver(), 1_000);
    expect(producerBell.rings).toBe(1);
  });

  test('a frame larger than the ring arrives in pieces, ringing both bells', () => {
    const { writer, reader, consumerBell, producerBell } = channel;
    const large = recordOf({ text: 'x'.repeat(50_000), more: Array.from({ length: 1_000 }, (_, i) => i) });
    const received = new CollectingReceiver();

    writer.write(large);
    writer.write(recordOf('behind'));
    let blockedTurns = 0;
    while (received.records.length < 2) {
      expect(blockedTurns).toBeLessThan(100);
      writer.flush();
      if (writer.isBlocked()) blockedTurns++;
      reader.drain(received, 10);
    }

    expect(received.records).toStrictEqual([large, recordOf('behind')]);
    expect(blockedTurns).toBeGreaterThan(10);
    expect(consumerBell.rings).toBeGreaterThan(10);
    expect(producerBell.rings).toBeGreaterThan(10);
  });

  test('is not empty before a frame is complete, and frees room meanwhile', () => {
    const { writer, reader } = channel;
    writer.write(recordOf('x'.repeat(5_000)));
    writer.flush();
    expect(writer.isBlocked()).toBe(true);

    expect(reader.isEmpty()).toBe(true);
    expect(writer.isBlocked()).toBe(false);
    expect(reader.isEmpty()).toBe(false);
  });

  test('asking isBlocked is enough to go on: a parked worker need not flush', () => {
    const { writer, reader } = channel;
    const large = 'x'.repeat(30_000);
    writer.write(recordOf(large));
    writer.flush();

    for (let turns = 0; reader.isEmpty(); turns++) {
      expect(turns).toBeLessThan(100);
      writer.isBlocked();
    }

    expect(takeAll(reader)).toEqual([large]);
  });

  test('a receiver that blocks in the middle of a frame leaves the rest of it in place', () => {
    const { writer, reader } = open(1 << 16);
    for (let i = 0; i < 300; i++) writer.write(recordOf(i));
    writer.control(marker(1));
    const receiver = new CollectingReceiver();
    receiver.capacity = 100;

    expect(reader.drain(receiver, 1_000)).toBe(100);
    expect(reader.takeControl()).toBeUndefined();
    expect(reader.isEmpty()).toBe(false);
    receiver.capacity = 1_000;
    expect(reader.drain(receiver, 150)).toBe(150);
    expect(reader.drain(receiver, 150)).toBe(50);
    expect(reader.takeControl()).toEqual(marker(1));
    expect(receiver.values()).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  test('a value outside the domain is refused at the hand-over, by path', () => {
    const { writer } = channel;
    writer.write(recordOf({ user: { callback: () => 1 } }));

    expect(() => writer.flush()).toThrow(ValueError);
    expect(() => writer.flush()).toThrow('value.user.callback is a function');
  });

  test('closing abandons what the ring has not taken', () => {
    const { writer, reader } = channel;
    while (!writer.isBlocked()) writer.write(recordOf('x'.repeat(1_000)));

    writer.close();

    expect(writer.isBlocked()).toBe(false);
    writer.flush();
    expect(takeAll(reader).every((value) => value === 'x'.repeat(1_000))).toBe(true);
    expect(reader.isEmpty()).toBe(true);
  });

  test.each([
    [{ frameRecordsMax: 0 }, '1 record or more'],
    [{ frameBytesMax: 100 }, '1024 bytes or more'],
  ])('refuses %j', (options, message) => {
    expect(() => open(64, options)).toThrow(message);
  });
});
