/**
 * What runs: stages of fused operators, exchanges between them, and where each subtask lives.
 */
import type { NodeId, NodeSignature, OutputIndex, StageIndex, WorkerIndex } from '../model/index.ts';
import type { InputIndex, Partitioning, PlanNode } from './logical-plan.ts';

export type ExchangeIndex = number;

/** Where an output goes: a node of the same chain (a function call) or out of the stage. */
export type ChainTarget =
  | { readonly kind: 'chained'; readonly node: NodeId }
  | { readonly kind: 'exchange'; readonly exchange: ExchangeIndex };

export interface ChainNode {
  readonly node: PlanNode;
  /** By output index: all targets of that output. Empty for sinks. */
  readonly targets: readonly (readonly ChainTarget[])[];
}

/** Operators fused into one subtask per degree of parallelism. A tree: the head first, then in topological order. */
export interface Stage {
  readonly index: StageIndex;
  /** Node ids joined by ' > '. */
  readonly name: string;
  readonly parallelism: number;
  readonly chain: readonly ChainNode[];
  /** Exchanges into the head. Empty exactly when the head is a source. */
  readonly inputs: readonly ExchangeIndex[];
  readonly outputs: readonly ExchangeIndex[];
  /** Subtask i runs on worker `(firstWorker + i) % workers`. Stages joined by a forward exchange share it. */
  readonly firstWorker: WorkerIndex;
}

export interface Exchange {
  readonly index: ExchangeIndex;
  readonly from: StageIndex;
  readonly fromNode: NodeId;
  readonly output: OutputIndex;
  readonly to: StageIndex;
  /** Which input of the stage's head it feeds. */
  readonly input: InputIndex;
  readonly partitioning: Partitioning;
}

export interface PhysicalPlan {
  readonly job: string;
  /** Hash of the logical graph: ids, kinds, edges, signatures; not of function bodies, not of the parallelism. */
  readonly fingerprint: string;
  readonly nodes: Readonly<Record<NodeId, NodeSignature>>;
  readonly keyGroups: number;
  readonly workers: number;
  readonly stages: readonly Stage[];
  readonly exchanges: readonly Exchange[];
}

export interface CompileOptions {
  /** Default parallelism of stages. */
  readonly parallelism: number;
  readonly workers: number;
  readonly keyGroups: number;
}
