import { canonicalKey, type Emitter, type Key, type Operator, type StreamRecord } from '../model/index.ts';

/**
 * Gives every record its key, in canonical form: the hash exchange and the state behind it see canonical keys only.
 * Throws `ValueError` (`ERR_KEY`) for a key that is no string, number, bigint or boolean.
 */
export class KeyByOperator<T> implements Operator<T, T> {
  readonly #keyOf: (value: T) => Key;

  constructor(keyOf: (value: T) => Key) {
    this.#keyOf = keyOf;
  }

  process(record: StreamRecord<T>, out: Emitter<T>): void {
    const keyOf = this.#keyOf;
    out.emit(record.withKey(canonicalKey(keyOf(record.value))));
  }
}
