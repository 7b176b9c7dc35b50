/**
 * A job as data plus functions. Functions cannot cross threads, so every thread imports the module that calls
 * {@link defineJob} and builds the plan again; `build` must give the same graph each time (I9).
 */
import { type NodeId, PlanError, type PlanProblem } from '../model/index.ts';
import { decideReadingOrder } from './decide-reading-order.ts';
import { deriveNodeIds } from './derive-node-ids.ts';
import { findPlanProblems } from './find-plan-problems.ts';
import { type DraftNode, GraphDraft } from './graph-draft.ts';
import { JobBuilder } from './job-builder.ts';
import type { LogicalPlan, PlanNode } from './logical-plan.ts';

export interface JobDefinition {
  readonly name: string;
  /** Runs the definition. Throws `PlanError` that lists every problem of the graph. */
  build(): LogicalPlan;
}

/**
 * Defines a job. Nothing is opened or started.
 *
 * @example
 * ```ts
 * export default defineJob('delays', (job) => {
 *   job
 *     .source('flights', sources.file<Flight>({ path: 'flights.jsonl' }))
 *     .keyBy((flight) => flight.origin)
 *     .aggregate({ flights: aggregates.count() })
 *     .to('counts', sinks.file({ path: 'counts.jsonl' }));
 * });
 * ```
 */
export function defineJob(name: string, define: (job: JobBuilder) => void): JobDefinition {
  return Object.freeze({
    name,
    build(): LogicalPlan {
      const graph = new GraphDraft(name);
      const returned: unknown = define(new JobBuilder(graph));
      graph.close();
      if (returned instanceof Promise) {
        // Whatever it does later is refused by the closed graph; that must not end the process.
        returned.catch(() => {});
        throw new PlanError(`the definition of job '${name}' is asynchronous; await before defineJob, not inside it`);
      }
      return buildPlan(graph);
    },
  });
}

function buildPlan(graph: GraphDraft): LogicalPlan {
  const ids = deriveNodeIds(graph.nodes);
  const problems = findPlanProblems(graph, ids);
  if (problems.length > 0) throw planError(graph.job, problems);
  const secondFirst = decideReadingOrder(graph.nodes);
  const nodes = graph.nodes.map((node) => planNode(node, ids, secondFirst.has(node)));
  return Object.freeze({ job: graph.job, nodes: Object.freeze(nodes) });
}

function planError(job: string, problems: readonly PlanProblem[]): PlanError {
  const [first, ...others] = problems.map(({ message }) => message);
  if (others.length === 0) return new PlanError(`job '${job}': ${first}`, {}, problems);
  const list = problems.map(({ message }) => `  - ${message}`);
  return new PlanError(`job '${job}' has ${problems.length} problems:\n${list.join('\n')}`, {}, problems);
}

function planNode(node: DraftNode, ids: ReadonlyMap<DraftNode, NodeId>, readsSecondFirst: boolean): PlanNode {
  const inputs = node.inputs.map(({ from, output, partitioning, input }) =>
    Object.freeze({ from: ids.get(from)!, output, partitioning, input }),
  );
  const { expressions, results, shape } = node;
  const base = {
    id: ids.get(node)!,
    kind: shape.kind,
    label: shape.label,
    inputs: Object.freeze(inputs),
    parallelism: node.parallelism,
    signature: Object.freeze({
      ...shape.signature,
      ...(expressions === undefined ? {} : { expressions }),
      ...(results === undefined ? {} : { results }),
    }),
  };
  switch (shape.role) {
    case 'source': {
      const { role, connector, eventTime } = shape;
      return Object.freeze({ ...base, role, connector, ...(eventTime === undefined ? {} : { eventTime }) });
    }
    case 'sink':
      return Object.freeze({ ...base, role: shape.role, connector: shape.connector });
    case 'operator': {
      const { role, outputs, state, isAsynchronous, create } = shape;
      return Object.freeze({ ...base, role, outputs, state, isAsynchronous, readsSecondFirst, create });
    }
  }
}
