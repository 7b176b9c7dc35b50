/**
 * The graph a user asked for: nodes and edges, frozen, in topological order. It holds functions, hence it never crosses
 * threads: each thread builds its own from the same module or job file, and the fingerprints must agree (I9).
 */
import type {
  DurationMs,
  NodeId,
  NodeSignature,
  Operator,
  OutputIndex,
  SinkConnector,
  SourceConnector,
  StateUse,
} from '../model/index.ts';

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
  /** Which input of the consumer it feeds: 1 for the second input of a node that has two, else 0. */
  readonly input: InputIndex;
}

export type InputIndex = 0 | 1;

/** How the records of a source get their event times. */
export interface EventTime {
  /** Milliseconds since the Unix epoch; no finite number: the record has no event time. */
  readonly timestampOf: (value: unknown) => number | null | undefined;
  /** How far a record may be behind the latest one of its split and not be late. */
  readonly outOfOrderMs: DurationMs;
  /** A split that has been silent for so long does not hold back the others. +Infinity: it always does. */
  readonly idleTimeoutMs: DurationMs;
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
  /** Absent: its records have no event time, and its watermark is unset until it ends. */
  readonly eventTime?: EventTime | undefined;
}

export interface OperatorNode extends NodeBase {
  readonly role: 'operator';
  /** Names of the outputs. The first is the main one: 'main', or 'rest' for `split`. */
  readonly outputs: readonly string[];
  /** `keyed`: its records carry keys and its input edges are `hash`. */
  readonly state: StateUse;
  /** It waits for something outside: see `AsynchronousWork`. */
  readonly isAsynchronous: boolean;
  /** Input 1 is read to its end before input 0, if it ends at all (a table that is joined). */
  readonly readsSecondFirst: boolean;
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
