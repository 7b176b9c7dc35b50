export { AGGREGATE_STATE, AggregateOperator } from './aggregates/aggregate-operator.ts';
export { aggregates } from './aggregates/aggregates.ts';
export type { AggregateRow, Aggregator, AggregatorFields, ResultOf } from './aggregates/aggregator.ts';
export { FilterOperator } from './filter-operator.ts';
export { FlatMapOperator } from './flat-map-operator.ts';
export { KeyByOperator } from './key-by-operator.ts';
export { MapOperator } from './map-operator.ts';
export {
  type DeclaredType,
  defineProcess,
  type ProcessContext,
  type ProcessDefinition,
  type ProcessPlace,
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
