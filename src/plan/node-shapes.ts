/** One function per kind of node: what the plan needs to know of it, and how each subtask makes its operator. Pure. */
import type { Key, NodeSignature, Operator, SinkConnector, SourceConnector, StateUse } from '../model/index.ts';
import {
  AGGREGATE_STATE,
  AggregateOperator,
  type AggregatorFields,
  FilterOperator,
  FlatMapOperator,
  KeyByOperator,
  MapOperator,
  type OperatorBlueprint,
  SplitOperator,
} from '../operators/index.ts';
import type { OperatorShape, SinkShape, SourceShape } from './graph-draft.ts';

/** Name of the output of `split` for records that no predicate takes. */
export const REST_OUTPUT = 'rest';

const MAIN_ONLY: readonly string[] = ['main'];

export function sourceShape(connector: SourceConnector): SourceShape {
  const { type, label, identity } = connector.describe();
  const signature = { kind: 'source', identity: { ...identity, type }, states: [] };
  return { role: 'source', kind: 'source', label: `${type} ${label}`.trimEnd(), signature, connector };
}

export function sinkShape(connector: SinkConnector): SinkShape {
  const { type, label, identity } = connector.describe();
  const signature = { kind: 'sink', identity: { ...identity, type }, states: [] };
  return { role: 'sink', kind: 'sink', label: `${type} ${label}`.trimEnd(), signature, connector };
}

export function mapShape<In, Out>(transform: (value: In) => Out): OperatorShape {
  return stateless('map', () => new MapOperator(transform));
}

export function filterShape<T>(predicate: (value: T) => boolean): OperatorShape {
  return stateless('filter', () => new FilterOperator(predicate));
}

export function flatMapShape<In, Out>(expand: (value: In) => Iterable<Out>): OperatorShape {
  return stateless('flatMap', () => new FlatMapOperator(expand));
}

export function keyByShape<T>(keyOf: (value: T) => Key): OperatorShape {
  return stateless('keyBy', () => new KeyByOperator(keyOf));
}

/** Output 0 is the rest; the branches follow in declared order. */
export function splitShape<T>(branches: Readonly<Record<string, (value: T) => boolean>>): OperatorShape {
  const names = Object.keys(branches);
  const predicates = names.map((name) => branches[name]!);
  const shape = stateless('split', () => new SplitOperator(predicates));
  return { ...shape, label: names.join(', '), outputs: [REST_OUTPUT, ...names] };
}

/** The fields and the names of their aggregators are the signature: accumulators of others would be misread. */
export function aggregateShape<In>(fields: AggregatorFields<In>): OperatorShape {
  const names = Object.fromEntries(Object.entries(fields).map(([field, aggregator]) => [field, aggregator.name]));
  const label = Object.entries(names).map(([field, name]) => (field === name ? field : `${field}: ${name}`));
  return {
    ...stateful('aggregate', () => new AggregateOperator(fields) as Operator),
    label: label.join(', '),
    signature: { kind: 'aggregate', identity: names, states: [{ name: AGGREGATE_STATE, kind: 'value' }] },
  };
}

/** Of operators that describe themselves. What is wrong with them is reported by the caller. */
export function blueprintShape(blueprint: OperatorBlueprint, needsEventTime: boolean): OperatorShape {
  const { kind, label, outputs, identity, states, create } = blueprint;
  return {
    ...operator(kind, blueprint.state ?? 'keyed', create),
    label,
    outputs,
    isAsynchronous: blueprint.isAsynchronous ?? false,
    readsSecondFirst: blueprint.readsSecondFirst ?? false,
    needsEventTime,
    waitsFor: blueprint.waitsFor,
    passesWatermarks: blueprint.passesWatermarks,
    signature: { kind, identity, states },
  };
}

function stateless<In, Out>(kind: string, create: () => Operator<In, Out>): OperatorShape {
  return operator(kind, 'none', create as () => Operator);
}

function stateful(kind: string, create: () => Operator): OperatorShape {
  return operator(kind, 'keyed', create);
}

function operator(kind: string, state: StateUse, create: () => Operator): OperatorShape {
  const signature: NodeSignature = { kind, identity: {}, states: [] };
  return {
    role: 'operator',
    kind,
    label: '',
    outputs: MAIN_ONLY,
    state,
    isAsynchronous: false,
    readsSecondFirst: false,
    needsEventTime: false,
    signature,
    create,
  };
}
