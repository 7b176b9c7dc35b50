/**
 * The operators of one stage, fused into one subtask: records pass from link to link by function call.
 *
 * Owns the operators, their keyed state and the sink writers of the subtask. Does not own the channels (they belong to the
 * subtask) nor the epoch protocol. User code runs here and only here, and whatever it throws gets its place here.
 */
import {
  AssertionError,
  assert,
  describeThrown,
  type Emitter,
  type Key,
  type KeyedState,
  MillraceError,
  type NodeId,
  type Operator,
  OperatorError,
  type OutputIndex,
  type RecordStamp,
  type SinkWriter,
  type StreamRecord,
  type SubtaskIndex,
} from '../model/index.ts';
import type { OperatorNode, SinkNode } from '../plan/logical-plan.ts';
import type { ChainTarget, ExchangeIndex, Stage } from '../plan/physical-plan.ts';
import type { RecordTarget } from './exchange-writer.ts';
import type { SinkProbe } from './sink-probe.ts';

/** What the chain needs from its surroundings. */
export interface ChainPorts {
  readonly subtask: SubtaskIndex;
  exchange(index: ExchangeIndex): RecordTarget;
  createState(node: NodeId): KeyedState;
  createWriter(node: SinkNode): SinkWriter;
  readonly probe: SinkProbe;
}

export interface ChainSink {
  readonly node: NodeId;
  readonly writer: SinkWriter;
  readonly stamp: RecordStamp;
}

export class OperatorChain {
  /** Where the records of the stage go in. For a source stage: where the reader emits to. */
  readonly head: RecordTarget;
  readonly states: readonly KeyedState[];
  readonly sinks: readonly ChainSink[];
  readonly #operators: readonly Operator[];

  private constructor(head: RecordTarget, parts: ChainParts) {
    this.head = head;
    this.states = parts.states;
    this.sinks = parts.sinks;
    this.#operators = parts.operators;
  }

  /** Builds from the leaves up: each link is made when everything behind it exists. */
  static build(stage: Stage, ports: ChainPorts): OperatorChain {
    const parts: ChainParts = { states: [], sinks: [], operators: [] };
    const built = new Map<NodeId, RecordTarget>();
    for (const { node, targets } of stage.chain.toReversed()) {
      const outputs = targets.map((output) => fanOut(output.map((target) => resolveTarget(target, built, ports))));
      if (node.role === 'sink') built.set(node.id, buildSink(node, parts, ports));
      else if (node.role === 'operator') built.set(node.id, buildOperator(node, stage, outputs, parts, ports));
      else built.set(node.id, outputs[0] ?? NOWHERE);
    }
    const head = built.get(stage.chain[0]!.node.id);
    assert(head !== undefined, `stage ${stage.name} has a head`);
    return new OperatorChain(head, parts);
  }

  close(): void {
    for (const operator of this.#operators) operator.close?.();
    for (const state of this.states) state.close();
    for (const sink of this.sinks) sink.writer.close();
  }
}

interface ChainParts {
  readonly states: KeyedState[];
  readonly sinks: ChainSink[];
  readonly operators: Operator[];
}

function resolveTarget(target: ChainTarget, built: ReadonlyMap<NodeId, RecordTarget>, ports: ChainPorts): RecordTarget {
  if (target.kind === 'exchange') return ports.exchange(target.exchange);
  const link = built.get(target.node);
  assert(link !== undefined, `chain nodes come in topological order: ${target.node} is built before what feeds it`);
  return link;
}

function buildSink(node: SinkNode, parts: ChainParts, ports: ChainPorts): RecordTarget {
  const sink: ChainSink = { node: node.id, writer: ports.createWriter(node), stamp: { epoch: 0, sequence: 0 } };
  parts.sinks.push(sink);
  return new SinkLink(sink, ports.probe);
}

function buildOperator(
  node: OperatorNode,
  stage: Stage,
  outputs: readonly RecordTarget[],
  parts: ChainParts,
  ports: ChainPorts,
): RecordTarget {
  const operator = node.create();
  const state = node.isStateful ? ports.createState(node.id) : undefined;
  const context = { node: node.id, subtask: ports.subtask, parallelism: stage.parallelism, state };
  parts.operators.push(operator);
  if (state !== undefined) parts.states.push(state);
  guard(node.id, undefined, () => operator.open?.(context));
  const emitter = new ChainEmitter(outputs);
  return state === undefined
    ? new StatelessLink(node.id, operator, emitter)
    : new KeyedLink(node.id, operator, emitter, state);
}

class ChainEmitter implements Emitter {
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

class StatelessLink implements RecordTarget {
  readonly #node: NodeId;
  readonly #operator: Operator;
  readonly #out: Emitter;

  constructor(node: NodeId, operator: Operator, out: Emitter) {
    this.#node = node;
    this.#operator = operator;
    this.#out = out;
  }

  receive(record: StreamRecord): void {
    try {
      this.#operator.process(record, this.#out);
    } catch (thrown) {
      throw placed(thrown, this.#node, record.key);
    }
  }
}

class KeyedLink implements RecordTarget {
  readonly #node: NodeId;
  readonly #operator: Operator;
  readonly #out: Emitter;
  readonly #state: KeyedState;

  constructor(node: NodeId, operator: Operator, out: Emitter, state: KeyedState) {
    this.#node = node;
    this.#operator = operator;
    this.#out = out;
    this.#state = state;
  }

  receive(record: StreamRecord): void {
    const key = record.key;
    // Not by `assert`: its message would be made for every record.
    if (key === undefined) throw new AssertionError(`a record without a key reached the keyed operator ${this.#node}`);
    try {
      this.#state.setCurrentKey(key);
      this.#operator.process(record, this.#out);
    } catch (thrown) {
      throw placed(thrown, this.#node, key);
    }
  }
}

class SinkLink implements RecordTarget {
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

const NOWHERE: RecordTarget = { receive: () => {} };

function fanOut(targets: readonly RecordTarget[]): RecordTarget {
  if (targets.length === 0) return NOWHERE;
  return targets.length === 1 ? targets[0]! : new FanOut(targets);
}

function guard(node: NodeId, key: Key | undefined, body: () => void): void {
  try {
    body();
  } catch (thrown) {
    throw placed(thrown, node, key);
  }
}

const KEY_SHOWN_MAX = 200;

/** Gives a failure its place, once: the innermost link knows best. */
export function placed(thrown: unknown, node: NodeId, key: Key | undefined): MillraceError {
  if (thrown instanceof MillraceError && (thrown.place.node !== undefined || thrown.recovery === 'none')) return thrown;
  const reason = describeThrown(thrown);
  const shownKey = key === undefined ? undefined : String(key).slice(0, KEY_SHOWN_MAX);
  const details = { node, key: shownKey, cause: thrown };
  if (thrown instanceof MillraceError) {
    return new MillraceError(`${node}: ${reason}`, {
      ...thrown.place,
      ...details,
      code: thrown.code as `ERR_${string}`,
      domain: thrown.domain,
      recovery: thrown.recovery,
    });
  }
  return new OperatorError(`operator ${node} threw: ${reason}`, details);
}
