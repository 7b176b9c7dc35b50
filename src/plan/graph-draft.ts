/**
 * The graph while a job definition is being run: nodes in the order of creation (hence topological: a stream can only
 * lead to nodes made after it), and the problems met so far. Ids exist only once the whole graph is known, see
 * `derive-node-ids.ts`.
 */

import type { Operator, SinkConnector, SourceConnector, StateUse } from '../model/index.ts';
import { type NodeId, type NodeSignature, type OutputIndex, PlanError } from '../model/index.ts';
import type { OperatorBlueprint } from '../operators/index.ts';
import type { EventTime, InputIndex, Partitioning } from './logical-plan.ts';

export interface DraftEdge {
  readonly from: DraftNode;
  readonly output: OutputIndex;
  readonly partitioning: Partitioning;
  /** See `InputEdge`. */
  readonly input: InputIndex;
}

/** What a node does, apart from its place in the graph. */
export type NodeShape = SourceShape | OperatorShape | SinkShape;

interface ShapeBase {
  readonly kind: string;
  readonly label: string;
  readonly signature: NodeSignature;
}

export interface SourceShape extends ShapeBase {
  readonly role: 'source';
  readonly connector: SourceConnector;
  readonly eventTime?: EventTime | undefined;
}

export interface OperatorShape extends ShapeBase {
  readonly role: 'operator';
  readonly outputs: readonly string[];
  readonly state: StateUse;
  readonly isAsynchronous: boolean;
  readonly readsSecondFirst: boolean;
  /** It waits for watermarks, or compares event times with them. */
  readonly needsEventTime: boolean;
  /** See `OperatorBlueprint`. */
  readonly waitsFor?: OperatorBlueprint['waitsFor'];
  /** See `OperatorBlueprint`; absent: true. */
  readonly passesWatermarks?: boolean | undefined;
  readonly create: () => Operator;
}

export interface SinkShape extends ShapeBase {
  readonly role: 'sink';
  readonly connector: SinkConnector;
}

export interface DraftNode {
  /** Of a source it changes when event time is defined for it. */
  shape: NodeShape;
  readonly inputs: readonly DraftEdge[];
  /** Given by the user; an id is derived where it is missing. */
  name: string | undefined;
  parallelism: number | undefined;
  /** Text of the expressions behind the functions of the shape, where there is any. */
  expressions: Readonly<Record<string, string>> | undefined;
  /** Of those that make results of what is stored. */
  results: Readonly<Record<string, string>> | undefined;
}

/** A sentence about the graph, written when the ids are known. */
export interface DraftProblem {
  readonly message: (idOf: (node: DraftNode) => NodeId) => string;
  /** What it is of. */
  readonly node: DraftNode | undefined;
}

export class GraphDraft {
  readonly job: string;
  readonly nodes: DraftNode[] = [];
  readonly problems: DraftProblem[] = [];
  #isClosed = false;

  constructor(job: string) {
    this.job = job;
  }

  add(shape: NodeShape, inputs: readonly DraftEdge[], name?: string): DraftNode {
    if (this.#isClosed) {
      const what = name === undefined ? `a ${shape.kind}` : `the ${shape.kind} '${name}'`;
      throw new PlanError(
        `${what} was added to job '${this.job}' after its definition had returned; build the whole graph inside defineJob, synchronously`,
      );
    }
    const node: DraftNode = { shape, inputs, name, parallelism: undefined, expressions: undefined, results: undefined };
    this.nodes.push(node);
    return node;
  }

  report(message: DraftProblem['message'], node?: DraftNode): void {
    this.problems.push({ message, node });
  }

  /** Reports a function argument that is none; only plain JavaScript gets here. */
  expectFunction(what: string, argument: unknown): void {
    if (typeof argument !== 'function') this.report(() => `${what} needs a function, not ${typeName(argument)}`);
  }

  /** Throws at once: without a connector there is no node. Only plain JavaScript gets here. */
  expectConnector(role: 'source' | 'sink', name: string, connector: unknown): void {
    if (typeof (connector as Partial<SourceConnector> | undefined)?.describe === 'function') return;
    throw new PlanError(
      `the ${role} '${name}' of job '${this.job}' was given no connector, but ${typeName(connector)}; pass what a function of '${role}s' returns`,
    );
  }

  close(): void {
    this.#isClosed = true;
  }
}

/** The edge that leads on from the main output of `node`. */
export function mainOutputOf(node: DraftNode): readonly DraftEdge[] {
  return [{ from: node, output: 0, partitioning: 'forward', input: 0 }];
}

function typeName(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
