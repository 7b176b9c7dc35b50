import { type Key, StreamRecord } from '../../src/model/index.ts';
import type { HarnessOutput } from '../../src/testing/operator-harness.ts';

/** A record as a source makes it, with times that must survive. */
export function recordOf<T>(value: T, key?: Key, timestamp = 1_000): StreamRecord<T> {
  return new StreamRecord(value, key, timestamp, 5);
}

export function recordsOf<T>(...values: readonly T[]): StreamRecord<T>[] {
  return values.map((value) => recordOf(value));
}

/** Values of each output. */
export function valuesOf(output: HarnessOutput): unknown[][] {
  return output.map((records) => records.map(({ value }) => value));
}
