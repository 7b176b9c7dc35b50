/**
 * A job as data plus functions. Functions cannot cross threads, so every thread imports the module that calls
 * {@link defineJob} and builds the plan again; `build` must give the same graph each time (I9).
 */
import { type NodeId, PlanError } from '../model/index.ts';
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
  if (problems.length === 1) throw new PlanError(`job '${graph.job}': ${problems[0]}`);
  if (problems.length > 1) {
    throw new PlanError(
      `job '${graph.job}' has ${problems.length} problems:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
  }
  return Object.freeze({ job: graph.job, nodes: Object.freeze(graph.nodes.map((node) => planNode(node, ids))) });
}

function planNode(node: DraftNode, ids: ReadonlyMap<DraftNode, NodeId>): PlanNode {
  const inputs = node.inputs.map(({ from, output, partitioning, input }) =>
    Object.freeze({ from: ids.get(from)!, output, partitioning, input }),
  );
  const { expressions, shape } = node;
  return Object.freeze({
    ...shape,
    signature: expressions === undefined ? shape.signature : Object.freeze({ ...shape.signature, expressions }),
    id: ids.get(node)!,
    inputs: Object.freeze(inputs),
    parallelism: node.parallelism,
  });
}
