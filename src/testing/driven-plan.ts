/**
 * The plan of a job with its sources and sinks replaced by driven ones: by name, whatever they are. Everything else is the job's own. Pure.
 *
 * Behind each source stands one more operator, which takes records out of their {@link DrivenInput}s, and lets those go that were there for
 * the sake of the watermark: they have passed the point where the source reads event times, and that is all they are for.
 */
import type { Emitter, NodeId, StreamRecord } from '../model/index.ts';
import type { EventTime, InputEdge, LogicalPlan, OperatorNode, PlanNode, SourceNode } from '../plan/logical-plan.ts';
import type { DrivenSink } from './driven-sink.ts';
import type { DrivenInput, DrivenSource } from './driven-source.ts';

export interface DrivenConnectors {
  readonly sources: ReadonlyMap<NodeId, DrivenSource>;
  readonly sinks: ReadonlyMap<NodeId, DrivenSink>;
}

export function drivePlan(plan: LogicalPlan, { sources, sinks }: DrivenConnectors): LogicalPlan {
  const behind = (edge: InputEdge): InputEdge =>
    sources.has(edge.from) ? { ...edge, from: unwrapperOf(edge.from) } : edge;
  const nodes = plan.nodes.flatMap((node): readonly PlanNode[] => {
    if (node.role === 'source') return [driveSource(node, sources.get(node.id)!), unwrapper(node)];
    const inputs = node.inputs.map(behind);
    return [node.role === 'sink' ? { ...node, inputs, connector: sinks.get(node.id)! } : { ...node, inputs }];
  });
  return { job: plan.job, nodes };
}

function driveSource(node: SourceNode, connector: DrivenSource): SourceNode {
  return { ...node, connector, eventTime: node.eventTime && drivenTime(node.eventTime) };
}

function drivenTime(eventTime: EventTime): EventTime {
  const { outOfOrderMs, timestampOf } = eventTime;
  return {
    ...eventTime,
    timestampOf: (input) => {
      const { at, value, watermark } = input as DrivenInput;
      return watermark === undefined ? (at ?? timestampOf(value)) : watermark + outOfOrderMs;
    },
  };
}

function unwrapperOf(source: NodeId): NodeId {
  return `${source}:input`;
}

function unwrapper({ id, parallelism }: SourceNode): OperatorNode {
  return {
    role: 'operator',
    id: unwrapperOf(id),
    kind: 'input',
    label: '',
    inputs: [{ from: id, output: 0, partitioning: 'forward', input: 0 }],
    parallelism,
    signature: { kind: 'input', identity: {}, states: [] },
    outputs: ['main'],
    state: 'none',
    isAsynchronous: false,
    readsSecondFirst: false,
    create: () => ({
      process: (record: StreamRecord, out: Emitter) => {
        const { value, watermark } = record.value as DrivenInput;
        if (watermark === undefined) out.emit(record.withValue(value));
      },
    }),
  };
}
