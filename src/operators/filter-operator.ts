import type { Emitter, Operator, StreamRecord } from '../model/index.ts';

/** Lets records through whose predicate is true (or, from plain JavaScript, truthy). */
export class FilterOperator<T> implements Operator<T, T> {
  readonly #predicate: (value: T) => boolean;

  constructor(predicate: (value: T) => boolean) {
    this.#predicate = predicate;
  }

  process(record: StreamRecord<T>, out: Emitter<T>): void {
    const predicate = this.#predicate;
    if (predicate(record.value)) out.emit(record);
  }
}
