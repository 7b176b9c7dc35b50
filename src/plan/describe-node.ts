import { describeEventTime } from './event-time.ts';
import type { PlanNode } from './logical-plan.ts';

/** What a node is like, in a short phrase; empty where its kind says all. */
export function describeNode(node: PlanNode): string {
  const parts = [node.label];
  if (node.role === 'source' && node.eventTime !== undefined) parts.push(describeEventTime(node.eventTime));
  return parts.filter((part) => part !== '').join('; ');
}
