import { describe, expect, test } from 'vitest';
import { LocalChannel } from '../../src/channels/index.ts';
import { describeChannel } from './channel.contract.ts';
import { CollectingReceiver, marker, recordOf, takeAll } from './doubles.ts';

describeChannel('a local channel', () => new LocalChannel({ elementsMax: 16 }));
describeChannel('a local channel of one element', () => new LocalChannel({ elementsMax: 1 }));

describe('a local channel', () => {
  test('hands over the very objects', () => {
    const { writer, reader } = new LocalChannel({ elementsMax: 4 });
    const record = recordOf({ a: 1 });
    const receiver = new CollectingReceiver();

    writer.write(record);
    reader.drain(receiver, 1);

    expect(receiver.records[0]).toBe(record);
  });

  test('is blocked from the bound on until one element is taken (I8)', () => {
    const { writer, reader } = new LocalChannel({ elementsMax: 3 });
    writer.write(recordOf(1));
    writer.control(marker(1));
    expect(writer.isBlocked()).toBe(false);

    writer.write(recordOf(2));
    expect(writer.isBlocked()).toBe(true);

    reader.drain(new CollectingReceiver(), 1);
    expect(writer.isBlocked()).toBe(false);
  });

  test('grows beyond the bound at any position, in order', () => {
    for (let offset = 0; offset < 8; offset++) {
      const { writer, reader } = new LocalChannel({ elementsMax: 5 });
      for (let i = 0; i < offset; i++) {
        writer.write(recordOf('early'));
        takeAll(reader);
      }

      for (let i = 0; i < 100; i++) writer.write(recordOf(i));

      expect(takeAll(reader)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    }
  });

  test('a receiver may write to the channel it is reading from', () => {
    const { writer, reader } = new LocalChannel({ elementsMax: 2 });
    const seen: unknown[] = [];
    writer.write(recordOf(0));

    reader.drain(
      {
        receive: (record) => {
          seen.push(record.value);
          for (let i = 0; i < 3; i++) writer.write(recordOf((record.value as number) * 3 + i + 1));
        },
        isBlocked: () => false,
      },
      20,
    );

    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test.each([0, -1, 1.5, Number.NaN])('cannot hold %d elements', (elementsMax) => {
    expect(() => new LocalChannel({ elementsMax })).toThrow('1 element or more');
  });
});
