/**
 * What operators implement. An operator processes one record to completion, synchronously, and knows nothing of epochs,
 * threads or modes.
 */
import type { StreamRecord } from './element.ts';
import type { NodeId, SubtaskIndex } from './ids.ts';
import type { StateAccess } from './state.ts';

/** Index of a side output; 0 is the main output. */
export type OutputIndex = number;

export interface Emitter<T = unknown> {
  /** Emits to the main output. Never fails; back-pressure is the loop's business. */
  emit(record: StreamRecord<T>): void;
  /** Emits to the output of that index, in the order the node declares them. */
  emitTo(output: OutputIndex, record: StreamRecord): void;
}

export interface OperatorContext {
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  readonly parallelism: number;
  /** Keyed state. Present exactly when the plan says the node is keyed and stateful. */
  readonly state: StateAccess | undefined;
}

/** One instance lives in one subtask of one generation. A throw in any method ends the generation. */
export interface Operator<In = unknown, Out = unknown> {
  /** Called once, before the first record. Declare states here. */
  open?(context: OperatorContext): void;
  process(record: StreamRecord<In>, out: Emitter<Out>): void;
  close?(): void;
}
