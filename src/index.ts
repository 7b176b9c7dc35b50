/** The public API. Explicit names, grouped; nothing else. */

export {
  type ConsoleSinkOptions,
  type CsvOptions,
  type FileSinkOptions,
  type FileSourceOptions,
  type GeneratorSourceOptions,
  type ImmediateStamp,
  type RandomStream,
  sinks,
  sources,
  type TableSinkOptions,
} from './connectors/index.ts';
export type { EpochSummary } from './driver-job.ts';
export type { Until } from './execution/decide-stop.ts';
export type { BatchStatus } from './execution/deployment.ts';
export type { JobOutcome, JobStatus, RestartSummary } from './execution/job-status.ts';
export type { LatencyPart, LatencySummary } from './execution/latency-histogram.ts';
export type { SwitchReport } from './execution/mode-control.ts';
export type { BatchTrigger, EngineMode, ExecutionMode, JobOptions, JobOptionsInput } from './execution/options.ts';
// Running it
export { type JobEvents, JobHandle, Millrace, type MillraceOptions, type StartOptions } from './launch.ts';
// Writing a connector
export type {
  ConnectorContext,
  SinkCommitter,
  SinkConnector,
  SinkWriter,
  SinkWriterContext,
  SourceConnector,
  SourceReader,
  SourceReaderContext,
  SourceSurveyor,
  SplitExtent,
  SurveyContext,
  SurveyHint,
} from './model/index.ts';
// What can go wrong
export {
  CheckpointError,
  ConnectorError,
  CorruptionError,
  type ErrorReport,
  IncompatiblePlanError,
  type Key,
  LockedError,
  MillraceError,
  OperatorError,
  OptionError,
  PlanError,
  StreamRecord,
  ValueError,
  WorkerLostError,
} from './model/index.ts';
export {
  type AggregateRow,
  type Aggregator,
  type AsyncCall,
  type AsyncMapOptions,
  aggregates,
  type CalendarOptions,
  type CalendarUnit,
  type CollectOptions,
  type CountOptions,
  type DeduplicateOptions,
  type DistinctApproximateOptions,
  type DistinctOptions,
  defineProcess,
  type EmitMode,
  type FailedCall,
  type JoinType,
  type NamedTimers,
  type ProcessContext,
  type ProcessDefinition,
  type ProcessTimer,
  type QuantileOptions,
  type RecordWindow,
  records,
  type SessionOptions,
  type SlidingOptions,
  type StateDeclaration,
  states,
  type TimeRange,
  type TimeWindow,
  type TumblingOptions,
  type VarianceOptions,
  type WindowDefinition,
  type WindowOptions,
  windows,
} from './operators/index.ts';
// Writing a job
export {
  defineJob,
  type EventTimeOptions,
  type JobBuilder,
  type JobDefinition,
  type JoinedRow,
  type JoinOptions,
  type KeyedSideStream,
  type KeyedStream,
  type LocalWindowStream,
  type SideStream,
  type SourceStream,
  type Stream,
  type TimestampOf,
  type TypedBroadcastJoin,
  type TypedTableJoin,
  type WindowedJoinOptions,
  type WindowedStream,
  type WindowJoinedRow,
  type WindowRow,
} from './plan/index.ts';
