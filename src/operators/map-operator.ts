import type { Emitter, Operator, StreamRecord } from '../model/index.ts';

/** Replaces the value of every record; key and times stay. */
export class MapOperator<In, Out> implements Operator<In, Out> {
  readonly #transform: (value: In) => Out;

  constructor(transform: (value: In) => Out) {
    this.#transform = transform;
  }

  process(record: StreamRecord<In>, out: Emitter<Out>): void {
    const transform = this.#transform;
    out.emit(record.withValue(transform(record.value)));
  }
}
