/**
 * The graph a user asked for: nodes and edges, frozen, in topological order. It holds functions, hence it never crosses
 * threads: each thread builds its own from the same module or job file, and the fingerprints must agree (I9).
 */
import type { NodeId, NodeSignature, Operator, OutputIndex, SinkConnector, SourceConnector } from '../model/index.ts';

/**
 * How records of an edge are spread over the consumer's subtasks. `forward`: subtask i to subtask i. `hash`: by key group.
 * `rebalance`: in turn. `broadcast`: to all.
 */
export type Partitioning = 'forward' | 'hash' | 'rebalance' | 'broadcast';

export interface InputEdge {
  readonly from: NodeId;
  /** Which output of `from`: 0 is the main one. */
  readonly output: OutputIndex;
  readonly partitioning: Partitioning;
}

interface NodeBase {
  /** Stable: given by the user or derived from the path; unique in the plan. */
  readonly id: NodeId;
  /** 'source', 'map', 'filter', 'aggregate', 'sink', ... for people and signatures. */
  readonly kind: string;
  /** One short phrase for `explain`. */
  readonly label: string;
  readonly inputs: readonly InputEdge[];
  /** As the user set it; `resolve-edges.ts` says what holds where it is missing. */
  readonly parallelism?: number | undefined;
  readonly signature: NodeSignature;
}

export interface SourceNode extends NodeBase {
  readonly role: 'source';
  readonly connector: SourceConnector;
}

export interface OperatorNode extends NodeBase {
  readonly role: 'operator';
  /** Names of the outputs. The first is the main one: 'main', or 'rest' for `split`. */
  readonly outputs: readonly string[];
  /** Whether it has keyed state: then its records carry keys and its input edges are `hash`. */
  readonly isStateful: boolean;
  readonly create: () => Operator;
}

export interface SinkNode extends NodeBase {
  readonly role: 'sink';
  readonly connector: SinkConnector;
}

export type PlanNode = SourceNode | OperatorNode | SinkNode;

export interface LogicalPlan {
  readonly job: string;
  readonly nodes: readonly PlanNode[];
}
