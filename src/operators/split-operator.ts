import type { Emitter, Operator, StreamRecord } from '../model/index.ts';

/**
 * Sends each record to exactly one output: that of the first predicate that holds (output 1, 2, ... in declared order),
 * or the main output, the rest, when none does.
 */
export class SplitOperator<T> implements Operator<T, T> {
  readonly #predicates: readonly ((value: T) => boolean)[];

  constructor(predicates: readonly ((value: T) => boolean)[]) {
    this.#predicates = predicates;
  }

  process(record: StreamRecord<T>, out: Emitter<T>): void {
    const predicates = this.#predicates;
    for (let i = 0; i < predicates.length; i++) {
      const predicate = predicates[i]!;
      if (predicate(record.value)) {
        out.emitTo(i + 1, record);
        return;
      }
    }
    out.emit(record);
  }
}
