export { compile } from './compile.ts';
export { defineJob, type JobDefinition } from './define-job.ts';
export { explain } from './explain.ts';
export { explainMermaid } from './explain-mermaid.ts';
export { fingerprintOf } from './fingerprint.ts';
export type { JobBuilder } from './job-builder.ts';
export type {
  InputEdge,
  LogicalPlan,
  OperatorNode,
  Partitioning,
  PlanNode,
  SinkNode,
  SourceNode,
} from './logical-plan.ts';
export type {
  ChainNode,
  ChainTarget,
  CompileOptions,
  Exchange,
  ExchangeIndex,
  PhysicalPlan,
  Stage,
} from './physical-plan.ts';
export { type ChannelPlacement, listChannels, listSubtasks, type SubtaskPlacement, workerOf } from './placement.ts';
export type { Branches, KeyedStream, ProcessedStream, SinkOptions, Stream } from './stream.ts';
