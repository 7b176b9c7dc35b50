/** What every channel does, whatever its medium. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChannelReader, ChannelWriter, ControlElement } from '../../src/model/index.ts';
import { CollectingReceiver, marker, recordOf, takeAll } from './doubles.ts';

export interface ChannelEnds {
  readonly writer: ChannelWriter;
  readonly reader: ChannelReader;
}

type Step =
  | { readonly kind: 'write' | 'drain'; readonly count: number }
  | { readonly kind: 'control' | 'takeControl' | 'flush' | 'isEmpty' | 'isBlocked' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('drain' as const), count: fc.integer({ min: 0, max: 60 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'control' as const,
        'takeControl' as const,
        'flush' as const,
        'isEmpty' as const,
        'isBlocked' as const,
      ),
    }),
  },
);

export function describeChannel(name: string, open: () => ChannelEnds): void {
  describe(`${name}, as a channel`, () => {
    test('is empty at first', () => {
      const { writer, reader } = open();

      expect(reader.isEmpty()).toBe(true);
      expect(reader.takeControl()).toBeUndefined();
      expect(reader.drain(new CollectingReceiver(), 10)).toBe(0);
      expect(writer.isBlocked()).toBe(false);
    });

    test('hands records over unchanged and in order (I11)', () => {
      const { writer, reader } = open();
      const receiver = new CollectingReceiver();
      const records = [recordOf('a'), recordOf({ b: [1] }), recordOf(undefined)];

      for (const record of records) writer.write(record);
      writer.flush();

      expect(reader.isEmpty()).toBe(false);
      expect(reader.drain(receiver, 10)).toBe(3);
      expect(receiver.records).toStrictEqual(records);
      expect(reader.isEmpty()).toBe(true);
    });

    test('a marker stands behind all records written before it and before all others (I1)', () => {
      const { writer, reader } = open();
      writer.control(marker(1));
      writer.write(recordOf('a'));
      writer.control(marker(2));
      writer.control(marker(3));
      writer.write(recordOf('b'));
      writer.flush();
      const receiver = new CollectingReceiver();

      expect(reader.drain(receiver, 10)).toBe(0);
      expect(reader.takeControl()).toEqual(marker(1));
      expect(reader.takeControl()).toBeUndefined();
      expect(reader.drain(receiver, 10)).toBe(1);
      expect(reader.drain(receiver, 10)).toBe(0);
      expect(reader.isEmpty()).toBe(false);
      expect(reader.takeControl()).toEqual(marker(2));
      expect(reader.takeControl()).toEqual(marker(3));
      expect(reader.drain(receiver, 10)).toBe(1);
      expect(receiver.values()).toEqual(['a', 'b']);
      expect(reader.isEmpty()).toBe(true);
    });

    test('keeps the final flag of a marker', () => {
      const { writer, reader } = open();
      const final: ControlElement = { kind: 'marker', epoch: 7, isFinal: true };

      writer.control(final);
      writer.flush();

      expect(takeAll(reader)).toEqual([final]);
    });

    test('keeps watermarks in their place among records and markers', () => {
      const { writer, reader } = open();
      const watermark: ControlElement = { kind: 'watermark', time: 12.5, isIdle: true, ingestTime: 3 };

      writer.write(recordOf('a'));
      writer.control(watermark);
      writer.control(marker(1));
      writer.write(recordOf('b'));
      writer.flush();
      const receiver = new CollectingReceiver();

      expect(reader.drain(receiver, 10)).toBe(1);
      expect(reader.takeControl()).toEqual(watermark);
      expect(reader.takeControl()).toEqual(marker(1));
      expect(reader.drain(receiver, 10)).toBe(1);
      expect(receiver.values()).toEqual(['a', 'b']);
    });

    test('drains no more than the limit', () => {
      const { writer, reader } = open();
      for (let i = 0; i < 5; i++) writer.write(recordOf(i));
      writer.flush();
      const receiver = new CollectingReceiver();

      expect(reader.drain(receiver, 0)).toBe(0);
      expect(reader.drain(receiver, 2)).toBe(2);
      expect(reader.drain(receiver, 2)).toBe(2);
      expect(reader.drain(receiver, 2)).toBe(1);
      expect(receiver.values()).toEqual([0, 1, 2, 3, 4]);
    });

    test('stops at the very record that fills the receiver', () => {
      const { writer, reader } = open();
      for (let i = 0; i < 5; i++) writer.write(recordOf(i));
      writer.flush();
      const receiver = new CollectingReceiver();
      receiver.capacity = 2;

      expect(reader.drain(receiver, 10)).toBe(2);
      expect(reader.drain(receiver, 10)).toBe(0);
      expect(reader.takeControl()).toBeUndefined();
      receiver.capacity = 4;
      expect(reader.drain(receiver, 10)).toBe(2);
      receiver.capacity = 10;
      expect(reader.drain(receiver, 10)).toBe(1);
      expect(receiver.values()).toEqual([0, 1, 2, 3, 4]);
    });

    test('a record whose receiver throws is not handed over again', () => {
      const { writer, reader } = open();
      writer.write(recordOf('bad'));
      writer.write(recordOf('good'));
      writer.flush();
      const failing = {
        receive(): void {
          throw new Error('operator failed');
        },
        isBlocked: () => false,
      };

      expect(() => reader.drain(failing, 10)).toThrow('operator failed');

      expect(takeAll(reader)).toEqual(['good']);
    });

    test('what was handed over before the writer closed stays readable', () => {
      const { writer, reader } = open();
      writer.write(recordOf('a'));
      writer.control(marker(1));
      writer.flush();

      writer.close();
      writer.close();

      expect(takeAll(reader)).toEqual(['a', marker(1)]);
      expect(() => writer.write(recordOf('b'))).toThrow('I10');
      expect(() => writer.control(marker(2))).toThrow('I10');
    });

    test('a closed reader is empty', () => {
      const { writer, reader } = open();
      for (let i = 0; i < 3; i++) writer.write(recordOf(i));
      writer.flush();
      reader.drain(new CollectingReceiver(), 1);

      reader.close();
      reader.close();

      expect(reader.isEmpty()).toBe(true);
      expect(reader.drain(new CollectingReceiver(), 10)).toBe(0);
      expect(reader.takeControl()).toBeUndefined();
    });
  });

  describeOrder(name, open);
}

/** The part that also holds for rings into which almost nothing fits. */
export function describeOrder(name: string, open: () => ChannelEnds): void {
  describe(`${name}, as a queue`, () => {
    test('equals a plain queue under any sequence of operations', () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
          const { writer, reader } = open();
          const expected: unknown[] = [];
          const taken: unknown[] = [];
          let next = 0;
          for (const { kind, ...rest } of steps) {
            if (kind === 'write') {
              for (let i = 0; i < (rest as { count: number }).count; i++, next++) {
                expected.push(next);
                writer.write(recordOf(next));
              }
            } else if (kind === 'drain') {
              const receiver = new CollectingReceiver();
              const limit = (rest as { count: number }).count;
              expect(reader.drain(receiver, limit)).toBe(receiver.records.length);
              expect(receiver.records.length).toBeLessThanOrEqual(limit);
              taken.push(...receiver.values());
            } else if (kind === 'control') {
              expected.push(marker(++next));
              writer.control(marker(next));
            } else if (kind === 'takeControl') {
              const control = reader.takeControl();
              if (control !== undefined) taken.push(control);
            } else if (kind === 'isEmpty') {
              if (taken.length === expected.length) expect(reader.isEmpty()).toBe(true);
            } else {
              writer[kind]();
            }
          }
          // A frame of 40 records crosses the smallest ring in less than 100 turns: more turns mean that it is stuck.
          for (let turns = 0; taken.length < expected.length; turns++) {
            expect(turns).toBeLessThan(100 * steps.length);
            writer.flush();
            taken.push(...takeAll(reader));
          }
          expect(taken).toEqual(expected);
          expect(reader.isEmpty()).toBe(true);
          expect(writer.isBlocked()).toBe(false);
        }),
        { numRuns: 200 },
      );
    });
  });
}
