/** Results in the order of the records: what has settled early waits. */
import { assert, type TimestampMs } from '../../model/index.ts';
import type { RecordCall } from './record-call.ts';
import type { ResultOrder } from './result-order.ts';

export class OrderedResults implements ResultOrder {
  readonly #queue: (RecordCall | TimestampMs)[] = [];
  #watermarks = 0;

  get watermarks(): number {
    return this.#watermarks;
  }

  add(call: RecordCall): void {
    this.#queue.push(call);
  }

  hold(watermark: TimestampMs): void {
    const last = this.#queue.length - 1;
    if (typeof this.#queue[last] === 'number') {
      this.#queue[last] = watermark;
      return;
    }
    this.#queue.push(watermark);
    this.#watermarks++;
  }

  /** It is seen when its turn comes. */
  onSettled(): void {}

  hasNext(): boolean {
    const head = this.#queue[0];
    return typeof head === 'number' || head?.outcome !== undefined;
  }

  next(): RecordCall | TimestampMs {
    const head = this.#queue.shift();
    assert(head !== undefined, 'a result was taken where none was');
    if (typeof head === 'number') this.#watermarks--;
    return head;
  }
}
