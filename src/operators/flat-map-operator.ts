import type { Emitter, Operator, StreamRecord } from '../model/index.ts';

/** Emits every value its function returns, in that order; each carries key and times of the record it came from. */
export class FlatMapOperator<In, Out> implements Operator<In, Out> {
  readonly #expand: (value: In) => Iterable<Out>;

  constructor(expand: (value: In) => Iterable<Out>) {
    this.#expand = expand;
  }

  process(record: StreamRecord<In>, out: Emitter<Out>): void {
    const expand = this.#expand;
    for (const value of expand(record.value)) out.emit(record.withValue(value));
  }
}
