import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Mailbox } from '../../src/actors/index.ts';
import { AssertionError } from '../../src/model/index.ts';

function drainAll<T>(mailbox: Mailbox<T>, limit?: number): T[] {
  const received: T[] = [];
  mailbox.drain((message) => void received.push(message), limit);
  return received;
}

describe('a mailbox', () => {
  test('hands messages over in the order in which they came', () => {
    const mailbox = new Mailbox<number>(3);
    for (const message of [1, 2, 3]) expect(mailbox.offer(message)).toBe('accepted');

    expect(drainAll(mailbox)).toEqual([1, 2, 3]);
    expect(mailbox.isEmpty).toBe(true);
  });

  test('I8: says full at its capacity and takes again when there is room', () => {
    const mailbox = new Mailbox<number>(2);
    mailbox.offer(1);
    mailbox.offer(2);

    expect(mailbox.offer(3)).toBe('full');
    expect(drainAll(mailbox, 1)).toEqual([1]);
    expect(mailbox.offer(4)).toBe('accepted');
    expect(drainAll(mailbox)).toEqual([2, 4]);
  });

  test('is never re-entered: what the receiver sends to itself waits its turn', () => {
    const mailbox = new Mailbox<string>(4);
    const log: string[] = [];
    mailbox.offer('first');

    const received = mailbox.drain((message) => {
      log.push(`begin ${message}`);
      if (message === 'first') {
        mailbox.offer('second');
        expect(mailbox.drain((other) => void log.push(`nested ${other}`))).toBe(0);
      }
      log.push(`end ${message}`);
    });

    expect(received).toBe(2);
    expect(log).toEqual(['begin first', 'end first', 'begin second', 'end second']);
  });

  test('a receiver that throws loses its message only, and the mailbox goes on', () => {
    const mailbox = new Mailbox<number>(3);
    for (const message of [1, 2, 3]) mailbox.offer(message);

    const drain = () =>
      mailbox.drain((message) => {
        if (message === 2) throw new Error('no 2');
      });

    expect(drain).toThrow('no 2');
    expect(drainAll(mailbox)).toEqual([3]);
  });

  test('closed, it gives back what waited and refuses the rest', () => {
    const mailbox = new Mailbox<number>(3);
    mailbox.offer(1);
    mailbox.offer(2);

    expect(mailbox.close()).toEqual([1, 2]);
    expect(mailbox.offer(3)).toBe('closed');
    expect(mailbox.close()).toEqual([]);
  });

  test('without a capacity above 0 it is not made', () => {
    for (const capacity of [0, -1, 1.5, Number.NaN]) expect(() => new Mailbox(capacity)).toThrow(AssertionError);
  });

  test('behaves as a bounded array, whatever is sent and taken', () => {
    const command = fc.oneof(fc.record({ offer: fc.integer() }), fc.record({ drain: fc.nat(5) }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(command, { maxLength: 60 }), (capacity, commands) => {
        const mailbox = new Mailbox<number>(capacity);
        const model: number[] = [];
        for (const one of commands) {
          if ('offer' in one) {
            expect(mailbox.offer(one.offer)).toBe(model.length < capacity ? 'accepted' : 'full');
            if (model.length < capacity) model.push(one.offer);
          } else {
            expect(drainAll(mailbox, one.drain)).toEqual(model.splice(0, one.drain));
          }
          expect(mailbox.size).toBe(model.length);
        }
      }),
    );
  });
});
