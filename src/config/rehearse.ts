/**
 * A job as it is tried out: the same graph, with every sink replaced by a file of comparable lines and every source offered at a
 * chosen pace. What the job would write to, and its own state, are never touched.
 *
 * Applied behind `loadJob`, hence alike in the driver and every worker (I9). Ids, edges and operators stay what they are.
 */
import { join } from 'node:path';
import { pacedSource } from '../connectors/paced-source.ts';
import { rehearsalSink } from '../connectors/rehearsal-sink.ts';
import type { JobDefinition, LogicalPlan, PlanNode } from '../plan/index.ts';
import { sinkShape, sourceShape } from '../plan/node-shapes.ts';
import type { Rehearsal } from './job-reference.ts';

export function rehearse(definition: JobDefinition, rehearsal: Rehearsal): JobDefinition {
  return Object.freeze({
    name: definition.name,
    build(): LogicalPlan {
      const plan = definition.build();
      return Object.freeze({ ...plan, nodes: Object.freeze(plan.nodes.map((node) => replaced(node, rehearsal))) });
    },
  });
}

function replaced(node: PlanNode, rehearsal: Rehearsal): PlanNode {
  switch (node.role) {
    case 'operator':
      return node;
    case 'source': {
      const { recordsPerSecond, records } = rehearsal;
      return Object.freeze({ ...node, ...sourceShape(pacedSource(node.connector, { recordsPerSecond, records })) });
    }
    case 'sink': {
      const path = rehearsalPath(rehearsal.outputDirectory, node.id);
      return Object.freeze({
        ...node,
        ...sinkShape(rehearsalSink({ path, isTimed: rehearsal.recordsPerSecond !== undefined })),
      });
    }
  }
}

/** Where the lines of a sink are. Names of nodes may hold letters that file names must not. */
export function rehearsalPath(outputDirectory: string, node: string): string {
  return join(outputDirectory, `${encodeURIComponent(node)}.jsonl`);
}
