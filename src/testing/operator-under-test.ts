/**
 * Finds the one operator that a test is about in what the builder made of it, and the stateless ones in front of it (`keyBy`, `map`),
 * which only prepare its input. Pure, apart from the user's code that the builder calls.
 */
import type {
  Emitter,
  Key,
  NodeId,
  Operator,
  OutputIndex,
  SinkConnector,
  SourceConnector,
  StreamRecord,
} from '../model/index.ts';
import { ConnectorError } from '../model/index.ts';
import {
  defineJob,
  type InputEdge,
  type KeyedStream,
  type LogicalPlan,
  type OperatorNode,
  type PlanNode,
  type Stream,
} from '../plan/index.ts';
import { HarnessError } from './harness-error.ts';

/** What a test gives: from the one or two inputs to what the operator emits, by the builder of jobs. */
export type OperatorSketch<First, Second, Out> = (
  first: Stream<First>,
  second: Stream<Second>,
) => Stream<Out> | KeyedStream<Out, Key>;

/** Takes a record of an input through what is in front of the operator. */
export type Approach = (record: StreamRecord, arrive: (record: StreamRecord) => void) => void;

export interface OperatorUnderTest {
  readonly node: OperatorNode;
  /** By input of the operator; absent: nothing of that input leads to it. */
  readonly approaches: readonly (Approach | undefined)[];
}

const FIRST = 'first';
const SECOND = 'second';
const OUTPUT = 'output';

/** Throws `PlanError` as a job would, and `HarnessError` when more than one operator keeps state. */
export function findOperator<First, Second, Out>(sketch: OperatorSketch<First, Second, Out>): OperatorUnderTest {
  const plan = defineJob('operator', (job) => {
    const first = job.source(FIRST, nothing<First>()).withEventTime(() => null);
    const second = job.source(SECOND, nothing<Second>()).withEventTime(() => null);
    // Most operators have one input.
    second.to('unread', nowhere);
    sketch(first, second).to(OUTPUT, nowhere);
  }).build();
  const [edge] = nodeOf(plan, OUTPUT).inputs;
  const node = nodeOf(plan, edge!.from);
  if (node.role !== 'operator') throw new HarnessError('there is no operator between the input and what is returned');
  return { node, approaches: [0, 1].map((input) => approachOf(plan, node, input)) };
}

function approachOf(plan: LogicalPlan, node: OperatorNode, input: number): Approach | undefined {
  const edges = node.inputs.filter((edge) => edge.input === input);
  if (edges.length > 1) throw new HarnessError(`'${node.id}' reads several streams; drive it as a part of a whole job`);
  const [edge] = edges;
  if (edge === undefined) return undefined;
  const wanted = input === 0 ? FIRST : SECOND;
  const operators = listBefore(plan, edge, wanted).map((before) => [before, before.create()] as const);
  return (record, arrive) => pass(operators, 0, record, arrive);
}

/** From the source on. */
function listBefore(plan: LogicalPlan, edge: InputEdge, source: NodeId): OperatorNode[] {
  const before: OperatorNode[] = [];
  for (let at = edge; ; at = nodeOf(plan, at.from).inputs[0]!) {
    const node = nodeOf(plan, at.from);
    if (node.role === 'source') {
      if (node.id === source) return before;
      throw new HarnessError(`the ${source} input of the operator has to come from the ${source} stream of the test`);
    }
    if (node.role !== 'operator' || node.state !== 'none' || node.isAsynchronous || node.inputs.length !== 1) {
      throw new HarnessError(
        `'${node.id}' in front of the operator is more than a function; drive a whole job instead`,
      );
    }
    if (at.output !== 0) throw new HarnessError(`a side output of '${node.id}' is read; drive a whole job instead`);
    before.unshift(node);
  }
}

function pass(
  operators: readonly (readonly [OperatorNode, Operator])[],
  at: number,
  record: StreamRecord,
  arrive: (record: StreamRecord) => void,
): void {
  const next = operators[at];
  if (next === undefined) {
    arrive(record);
    return;
  }
  const out: Emitter = {
    emit: (emitted) => pass(operators, at + 1, emitted, arrive),
    // Nobody reads it.
    emitTo: (_output: OutputIndex) => {},
  };
  next[1].process(record, out);
}

function nodeOf(plan: LogicalPlan, id: NodeId): PlanNode {
  return plan.nodes.find((node) => node.id === id)!;
}

function refuse(): never {
  throw new ConnectorError('the inputs of an operator under test are never read');
}

function nothing<T>(): SourceConnector<T> {
  return {
    isBounded: false,
    describe: () => ({ type: 'test', label: 'the test', identity: {} }),
    listSplits: async () => [],
    createReader: refuse,
    createSurveyor: refuse,
  };
}

const nowhere: SinkConnector = {
  delivery: 'immediate',
  describe: () => ({ type: 'test', label: 'the test', identity: {} }),
  createWriter: refuse,
};
