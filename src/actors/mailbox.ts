/**
 * Messages for one actor: bounded, first in first out, handled one at a time.
 *
 * It is not a channel between threads and never sees a record. Invariants: at most `capacity` messages wait (I8); the
 * receiver is never re-entered: what it sends to its own mailbox waits its turn (after XState's mailbox).
 */
import { assert } from '../model/index.ts';

/** `full` and `closed`: the message was not taken; the sender decides what that means. */
export type MailDelivery = 'accepted' | 'full' | 'closed';

export class Mailbox<T> {
  readonly #slots: (T | undefined)[];
  #head = 0;
  #size = 0;
  #isReceiving = false;
  #isClosed = false;

  constructor(capacity: number) {
    assert(Number.isInteger(capacity) && capacity > 0, `I8: a mailbox needs a capacity above 0, not ${capacity}`);
    this.#slots = new Array<T | undefined>(capacity).fill(undefined);
  }

  get size(): number {
    return this.#size;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  offer(message: T): MailDelivery {
    if (this.#isClosed) return 'closed';
    if (this.#size === this.#slots.length) return 'full';
    this.#slots[(this.#head + this.#size) % this.#slots.length] = message;
    this.#size++;
    return 'accepted';
  }

  /**
   * Passes at most `limit` messages to `receive`, oldest first, and returns how many. A call from inside `receive` returns 0.
   * A message is gone once `receive` was called with it, also when `receive` throws.
   */
  drain(receive: (message: T) => void, limit: number = Number.POSITIVE_INFINITY): number {
    if (this.#isReceiving) return 0;
    this.#isReceiving = true;
    let received = 0;
    try {
      while (received < limit && this.#size > 0) {
        received++;
        receive(this.#take());
      }
    } finally {
      this.#isReceiving = false;
    }
    return received;
  }

  /** Refuses further messages and returns those that were waiting, oldest first. */
  close(): readonly T[] {
    this.#isClosed = true;
    const rest: T[] = [];
    while (this.#size > 0) rest.push(this.#take());
    return rest;
  }

  #take(): T {
    const message = this.#slots[this.#head] as T;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#size--;
    return message;
  }
}
