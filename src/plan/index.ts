export type { Branches, SinkOptions } from './any-stream.ts';
export { compile } from './compile.ts';
export { defineJob, type JobDefinition } from './define-job.ts';
export type { EventTimeOptions, TimestampOf } from './event-time.ts';
export { explain } from './explain.ts';
export { explainMermaid } from './explain-mermaid.ts';
export { fingerprintOf } from './fingerprint.ts';
export type { JobBuilder } from './job-builder.ts';
export type {
  JoinedRow,
  JoinOptions,
  TypedBroadcastJoin,
  TypedTableJoin,
  WindowedJoinOptions,
  WindowJoinedRow,
} from './joined-row.ts';
export type { KeyedSideStream, KeyedStream } from './keyed-stream.ts';
export type {
  EventTime,
  InputEdge,
  InputIndex,
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
export {
  type ChannelPlacement,
  groupsOfState,
  listChannels,
  listSubtasks,
  type SubtaskPlacement,
  workerOf,
} from './placement.ts';
export type { LocalWindowStream, SideStream, SourceStream, Stream } from './stream.ts';
export type { WindowedStream, WindowRow } from './windowed-stream.ts';
