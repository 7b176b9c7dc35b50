/**
 * The channel inside one thread: a queue of objects, nothing encoded. A circular array whose size is a power of two; it
 * starts at the bound and doubles only when one input record expands beyond it (I8).
 */
import {
  assert,
  type ChannelReader,
  type ChannelWriter,
  type ControlElement,
  type RecordReceiver,
  StreamRecord,
} from '../model/index.ts';

export interface LocalChannelOptions {
  /** Elements at which the writer reports itself blocked. */
  readonly elementsMax: number;
}

export class LocalChannel {
  readonly writer: ChannelWriter;
  readonly reader: ChannelReader;

  constructor(options: LocalChannelOptions) {
    const queue = new ElementQueue(options.elementsMax);
    this.writer = new LocalChannelWriter(queue);
    this.reader = new LocalChannelReader(queue);
  }
}

type Element = StreamRecord | ControlElement;

/** Positions only grow; an element's slot is its position modulo the size of the array. */
class ElementQueue {
  readonly elementsMax: number;
  slots: (Element | undefined)[];
  mask: number;
  head = 0;
  tail = 0;
  isClosed = false;

  constructor(elementsMax: number) {
    assert(Number.isInteger(elementsMax) && elementsMax > 0, `a channel holds 1 element or more, not ${elementsMax}`);
    const size = 2 ** Math.ceil(Math.log2(elementsMax + 1));
    this.elementsMax = elementsMax;
    this.slots = new Array<Element | undefined>(size).fill(undefined);
    this.mask = size - 1;
  }

  push(element: Element): void {
    assert(!this.isClosed, 'I10: a closed channel is written to');
    if (this.tail - this.head > this.mask) this.#grow();
    this.slots[this.tail & this.mask] = element;
    this.tail++;
  }

  clear(): void {
    this.slots.fill(undefined);
    this.head = this.tail;
  }

  #grow(): void {
    const slots = new Array<Element | undefined>(this.slots.length * 2).fill(undefined);
    const mask = slots.length - 1;
    for (let at = this.head; at < this.tail; at++) slots[at & mask] = this.slots[at & this.mask];
    this.slots = slots;
    this.mask = mask;
  }
}

class LocalChannelWriter implements ChannelWriter {
  readonly #queue: ElementQueue;

  constructor(queue: ElementQueue) {
    this.#queue = queue;
  }

  write(record: StreamRecord): void {
    this.#queue.push(record);
  }

  control(element: ControlElement): void {
    this.#queue.push(element);
  }

  handOver(): boolean {
    return false;
  }

  /** Nothing to do: the reader, on this thread, already sees every element. */
  flush(): void {}

  isBlocked(): boolean {
    return this.#queue.tail - this.#queue.head >= this.#queue.elementsMax;
  }

  /** What was written stays readable. */
  close(): void {
    this.#queue.isClosed = true;
  }
}

class LocalChannelReader implements ChannelReader {
  readonly #queue: ElementQueue;

  constructor(queue: ElementQueue) {
    this.#queue = queue;
  }

  drain(receiver: RecordReceiver, limit: number): number {
    const queue = this.#queue;
    let taken = 0;
    while (taken < limit && queue.head < queue.tail && !receiver.isBlocked()) {
      const slot = queue.head & queue.mask;
      const element = queue.slots[slot];
      if (!(element instanceof StreamRecord)) break;
      // Emptied first: the receiver may throw, write to this channel or close it.
      queue.slots[slot] = undefined;
      queue.head++;
      taken++;
      receiver.receive(element);
    }
    return taken;
  }

  takeControl(): ControlElement | undefined {
    const queue = this.#queue;
    const slot = queue.head & queue.mask;
    const element = queue.slots[slot];
    if (queue.head === queue.tail || element === undefined || element instanceof StreamRecord) return undefined;
    queue.slots[slot] = undefined;
    queue.head++;
    return element;
  }

  isEmpty(): boolean {
    return this.#queue.head === this.#queue.tail;
  }

  close(): void {
    this.#queue.isClosed = true;
    this.#queue.clear();
  }
}
