/**
 * The operators of one stage, fused into one subtask: records pass from link to link by function call.
 *
 * Owns the operators, their keyed state and the sink writers of the subtask. Does not own the channels (they belong to the
 * subtask) nor the epoch protocol. User code runs here and only here, and whatever it throws gets its place here.
 */
import {
  assert,
  type Clock,
  type KeyedState,
  type KeyGroupRange,
  keysOfGroups,
  type NodeId,
  type RecordStamp,
  type SinkWriter,
  type SubtaskIndex,
  type TimestampMs,
  type Watermark,
} from '../model/index.ts';
import type { OperatorNode, SinkNode } from '../plan/logical-plan.ts';
import type { ChainTarget, ExchangeIndex, Stage } from '../plan/physical-plan.ts';
import { ChainClock, LinkTime } from './chain-clock.ts';
import { ChainEmitter, fanOut, KeyedInput, PlainInput, SecondInput, SinkInput } from './chain-inputs.ts';
import { ChainTime } from './chain-time.ts';
import type { RecordTarget } from './exchange-writer.ts';
import { OperatorLink, type TimeTarget } from './operator-link.ts';
import { placed } from './placed-error.ts';
import type { SinkProbe } from './sink-probe.ts';

/** What the chain needs from its surroundings. */
export interface ChainPorts {
  readonly subtask: SubtaskIndex;
  /** That the subtask owns, of so many. */
  readonly groups: KeyGroupRange;
  readonly keyGroups: number;
  readonly clock: Clock;
  exchange(index: ExchangeIndex): RecordTarget;
  /** The watermark leaves the chain. Per exchange never falling. */
  passWatermark(index: ExchangeIndex, watermark: Watermark): void;
  createState(node: OperatorNode): KeyedState;
  createWriter(node: SinkNode): SinkWriter;
  /** A call that an operator waits for has settled. */
  wake(): void;
  readonly probe: SinkProbe;
}

export interface ChainSink {
  readonly node: NodeId;
  readonly writer: SinkWriter;
  readonly stamp: RecordStamp;
}

export class OperatorChain {
  /** Where the records of the stage go in, by input. For a source stage: where the reader emits to. */
  readonly heads: readonly RecordTarget[];
  readonly states: readonly KeyedState[];
  readonly sinks: readonly ChainSink[];
  readonly time: ChainTime;
  readonly #links: readonly OperatorLink[];

  private constructor(built: BuiltNode, parts: ChainParts) {
    this.heads = built.inputs;
    this.states = parts.states;
    this.sinks = parts.sinks;
    this.#links = parts.links.toReversed();
    this.time = new ChainTime(built.time, this.#links, parts.clock);
  }

  /** Builds from the leaves up: each link is made when everything behind it exists. */
  static build(stage: Stage, ports: ChainPorts): OperatorChain {
    const parts: ChainParts = { states: [], sinks: [], links: [], clock: new ChainClock() };
    const built = new Map<NodeId, BuiltNode>();
    for (const { node, targets } of stage.chain.toReversed()) {
      const reached = targets.map((output) => output.map((target) => resolveTarget(target, built, ports)));
      const outputs = reached.map((output) => fanOut(output.map(({ inputs }) => inputs[0]!)));
      const times = reached.flat().flatMap(({ time }) => (time === undefined ? [] : [time]));
      if (node.role === 'sink') built.set(node.id, buildSink(node, parts, ports));
      else if (node.role === 'operator') built.set(node.id, buildOperator(node, stage, outputs, times, parts, ports));
      else built.set(node.id, { inputs: outputs, time: new TimeFan(times) });
    }
    const head = built.get(stage.chain[0]!.node.id);
    assert(head !== undefined, `stage ${stage.name} has a head`);
    return new OperatorChain(head, parts);
  }

  close(): void {
    for (const { operator } of this.#links) operator.close?.();
    for (const state of this.states) state.close();
    for (const sink of this.sinks) sink.writer.close();
  }
}

interface ChainParts {
  readonly states: KeyedState[];
  readonly sinks: ChainSink[];
  /** From the leaves up. */
  readonly links: OperatorLink[];
  readonly clock: ChainClock;
}

/** A node of the chain, as what is in front of it sees it. */
interface BuiltNode {
  readonly inputs: readonly RecordTarget[];
  /** Absent: watermarks mean nothing to it (sinks). */
  readonly time: TimeTarget | undefined;
}

function resolveTarget(target: ChainTarget, built: ReadonlyMap<NodeId, BuiltNode>, ports: ChainPorts): BuiltNode {
  if (target.kind === 'exchange') {
    const { exchange } = target;
    const time: TimeTarget = { rise: (watermark) => ports.passWatermark(exchange, watermark), restore: () => {} };
    return { inputs: [ports.exchange(exchange)], time };
  }
  const link = built.get(target.node);
  assert(link !== undefined, `chain nodes come in topological order: ${target.node} is built before what feeds it`);
  return link;
}

function buildSink(node: SinkNode, parts: ChainParts, ports: ChainPorts): BuiltNode {
  const sink: ChainSink = { node: node.id, writer: ports.createWriter(node), stamp: { epoch: 0, sequence: 0 } };
  parts.sinks.push(sink);
  return { inputs: [new SinkInput(sink, ports.probe)], time: undefined };
}

function buildOperator(
  node: OperatorNode,
  stage: Stage,
  outputs: readonly RecordTarget[],
  targets: readonly TimeTarget[],
  parts: ChainParts,
  ports: ChainPorts,
): BuiltNode {
  const operator = node.create();
  const state = node.state === 'none' ? undefined : ports.createState(node);
  const time = new LinkTime(parts.clock);
  const link = new OperatorLink({
    node: node.id,
    operator,
    state,
    out: new ChainEmitter(outputs),
    time,
    clock: parts.clock,
    targets,
  });
  parts.links.push(link);
  if (state !== undefined) parts.states.push(state);
  openOperator(link, node, stage, time, ports);
  const keyed = node.state === 'keyed' ? state : undefined;
  const first = keyed === undefined ? new PlainInput(link) : new KeyedInput(link, keyed);
  return { inputs: [first, new SecondInput(link, keyed)], time: link };
}

function openOperator(link: OperatorLink, node: OperatorNode, stage: Stage, time: LinkTime, ports: ChainPorts): void {
  const { clock, groups, keyGroups, subtask } = ports;
  const { state } = link;
  try {
    link.operator.open?.({
      node: node.id,
      subtask,
      parallelism: stage.parallelism,
      state,
      ownKeys: node.state === 'own' ? keysOfGroups(groups, keyGroups) : [],
      useKey: (key) => state?.setCurrentKey(key),
      time,
      countLate: (records = 1) => {
        link.lateRecords += records;
      },
      keyGroups,
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
      wake: () => ports.wake(),
    });
  } catch (thrown) {
    throw placed(thrown, node.id, undefined);
  }
}

/** In place of an operator at the head of a stage that reads a source. */
class TimeFan implements TimeTarget {
  readonly #targets: readonly TimeTarget[];

  constructor(targets: readonly TimeTarget[]) {
    this.#targets = targets;
  }

  rise(watermark: Watermark): void {
    for (const target of this.#targets) target.rise(watermark);
  }

  restore(time: TimestampMs): void {
    for (const target of this.#targets) target.restore(time);
  }
}
