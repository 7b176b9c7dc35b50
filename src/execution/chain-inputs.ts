/** Where records enter an operator or a sink of a chain. One class per way of entering, so that no record pays for the choice. */
import {
  AssertionError,
  type Emitter,
  type KeyedState,
  type Operator,
  OperatorError,
  type OutputIndex,
  type StreamRecord,
} from '../model/index.ts';
import type { RecordTarget } from './exchange-writer.ts';
import type { ChainSink } from './operator-chain.ts';
import type { OperatorLink } from './operator-link.ts';
import { placed } from './placed-error.ts';
import type { SinkProbe } from './sink-probe.ts';

export const NOWHERE: RecordTarget = { receive: () => {} };

export class ChainEmitter implements Emitter {
  readonly #main: RecordTarget;
  readonly #outputs: readonly RecordTarget[];

  constructor(outputs: readonly RecordTarget[]) {
    this.#main = outputs[0] ?? NOWHERE;
    this.#outputs = outputs;
  }

  emit(record: StreamRecord): void {
    this.#main.receive(record);
  }

  emitTo(output: OutputIndex, record: StreamRecord): void {
    const target = this.#outputs[output];
    if (target === undefined)
      throw new OperatorError(`there is no output number ${output}; it has ${this.#outputs.length}`);
    target.receive(record);
  }
}

/** Into an operator without keyed state. */
export class PlainInput implements RecordTarget {
  readonly #link: OperatorLink;
  readonly #operator: Operator;
  readonly #out: Emitter;

  constructor(link: OperatorLink) {
    this.#link = link;
    this.#operator = link.operator;
    this.#out = link.out;
  }

  receive(record: StreamRecord): void {
    try {
      this.#operator.process(record, this.#out);
    } catch (thrown) {
      throw placed(thrown, this.#link.node, record.key);
    }
  }
}

/** Into an operator whose state is under the keys of its records. */
export class KeyedInput implements RecordTarget {
  readonly #link: OperatorLink;
  readonly #operator: Operator;
  readonly #out: Emitter;
  readonly #state: KeyedState;

  constructor(link: OperatorLink, state: KeyedState) {
    this.#link = link;
    this.#operator = link.operator;
    this.#out = link.out;
    this.#state = state;
  }

  receive(record: StreamRecord): void {
    const key = record.key;
    if (key === undefined) throw keyless(this.#link);
    try {
      this.#state.setCurrentKey(key);
      this.#operator.process(record, this.#out);
    } catch (thrown) {
      throw placed(thrown, this.#link.node, key);
    }
  }
}

/** Into the second input of an operator. */
export class SecondInput implements RecordTarget {
  readonly #link: OperatorLink;
  /** Where the state is under the keys of the records. */
  readonly #state: KeyedState | undefined;

  constructor(link: OperatorLink, state: KeyedState | undefined) {
    this.#link = link;
    this.#state = state;
  }

  receive(record: StreamRecord): void {
    const { node, operator, out } = this.#link;
    try {
      if (this.#state !== undefined) {
        if (record.key === undefined) throw keyless(this.#link);
        this.#state.setCurrentKey(record.key);
      }
      operator.processSecond!(record, out);
    } catch (thrown) {
      throw placed(thrown, node, record.key);
    }
  }
}

export class SinkInput implements RecordTarget {
  readonly #sink: ChainSink;
  readonly #probe: SinkProbe;

  constructor(sink: ChainSink, probe: SinkProbe) {
    this.#sink = sink;
    this.#probe = probe;
  }

  receive(record: StreamRecord): void {
    const { writer, stamp } = this.#sink;
    try {
      writer.write(record, stamp);
    } catch (thrown) {
      throw placed(thrown, this.#sink.node, record.key);
    }
    stamp.sequence++;
    this.#probe.written(record);
  }
}

/** One record, several consumers. Records are immutable, so they may share it. */
class FanOut implements RecordTarget {
  readonly #targets: readonly RecordTarget[];

  constructor(targets: readonly RecordTarget[]) {
    this.#targets = targets;
  }

  receive(record: StreamRecord): void {
    for (const target of this.#targets) target.receive(record);
  }
}

export function fanOut(targets: readonly RecordTarget[]): RecordTarget {
  if (targets.length === 0) return NOWHERE;
  return targets.length === 1 ? targets[0]! : new FanOut(targets);
}

/** Not by `assert`: its message would be made for every record. */
function keyless(link: OperatorLink): AssertionError {
  return new AssertionError(`a record without a key reached the keyed operator ${link.node}`);
}
