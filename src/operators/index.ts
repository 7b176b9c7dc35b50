export { AGGREGATE_STATE, AggregateOperator } from './aggregates/aggregate-operator.ts';
export { aggregates } from './aggregates/aggregates.ts';
export type { AggregateRow, Aggregator, AggregatorFields, ResultOf } from './aggregates/aggregator.ts';
export type { CollectOptions } from './aggregates/arrival-aggregates.ts';
export type { DistinctApproximateOptions, DistinctOptions } from './aggregates/distinct-aggregates.ts';
export type { VarianceOptions } from './aggregates/numeric-aggregates.ts';
export { fieldsOfPartials, findPartialProblem, type PartialAggregate } from './aggregates/partial-aggregate.ts';
export { PartialAggregateOperator, type PartialAggregateOptions } from './aggregates/partial-aggregate-operator.ts';
export type { QuantileOptions } from './aggregates/quantile-aggregates.ts';
export { asyncMapBlueprint, FAILED_OUTPUT } from './async-map/async-map-blueprint.ts';
export type { AsyncCall, AsyncMapFunction, AsyncMapOptions, FailedCall } from './async-map/async-map-definition.ts';
export { deduplicateBlueprint } from './deduplicate-blueprint.ts';
export type { DeduplicateOptions } from './deduplicate-definition.ts';
export { FilterOperator } from './filter-operator.ts';
export { FlatMapOperator } from './flat-map-operator.ts';
export { broadcastJoinBlueprint } from './joins/broadcast-join-blueprint.ts';
export type {
  BroadcastJoinOptions,
  JoinType,
  StreamJoinOptions,
  TableJoinOptions,
  TimeRange,
  WindowJoinOptions,
} from './joins/join-definition.ts';
export { streamJoinBlueprint } from './joins/stream-join-blueprint.ts';
export { tableJoinBlueprint } from './joins/table-join-blueprint.ts';
export { windowJoinBlueprint } from './joins/window-join-blueprint.ts';
export { KeyByOperator } from './key-by-operator.ts';
export { MapOperator } from './map-operator.ts';
export { LATE_OUTPUT, type OperatorBlueprint } from './operator-blueprint.ts';
export { processBlueprint } from './process-blueprint.ts';
export {
  type DeclaredType,
  defineProcess,
  type NamedTimers,
  type ProcessContext,
  type ProcessDefinition,
  type ProcessPlace,
  type ProcessTimer,
  records,
  type SideDeclarations,
  type StateDeclaration,
  type StateDeclarations,
  type StateHandles,
  states,
  type TypeDeclaration,
  type Undeclared,
} from './process-definition.ts';
export { type ErasedProcess, ProcessOperator } from './process-operator.ts';
export { SplitOperator } from './split-operator.ts';
export { type LocalWindow, localWindowBlueprints } from './windows/local-window.ts';
export { paneOfWindow } from './windows/pane-of-window.ts';
export { windowBlueprint } from './windows/window-blueprint.ts';
export {
  type CalendarOptions,
  type CalendarUnit,
  type CountOptions,
  type EmitMode,
  type RecordWindow,
  type SessionOptions,
  type SlidingOptions,
  type TimeWindow,
  type TumblingOptions,
  type WindowDefinition,
  type WindowOptions,
  windows,
} from './windows/window-definition.ts';
