import type { OutputIndex } from '../model/index.ts';
import type { PlanNode } from './logical-plan.ts';

/** The name of an output as plans show it: only where a node has several. */
export function outputName(node: PlanNode, output: OutputIndex): string | undefined {
  return node.role === 'operator' && node.outputs.length > 1 ? node.outputs[output] : undefined;
}
