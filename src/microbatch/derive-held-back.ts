/** Which sources a batch must not read yet, because a table that their records are joined with has not been read to its end. Pure. */
import type { NodeId } from '../model/index.ts';
import type { PhysicalPlan, Stage } from '../plan/physical-plan.ts';
import type { SurveyedSources } from './plan-batch.ts';

export function deriveHeldBack(plan: PhysicalPlan, surveys: SurveyedSources): ReadonlySet<NodeId> {
  const held = new Set<NodeId>();
  for (const stage of plan.stages) {
    const head = stage.chain[0]!.node;
    if (head.role !== 'operator' || !head.readsSecondFirst) continue;
    if ([...sourcesOf(plan, stage, 1)].every((source) => hasEnded(surveys, source))) continue;
    for (const source of sourcesOf(plan, stage, 0)) held.add(source);
  }
  return held;
}

/** Every source whose records can reach that input. */
function sourcesOf(plan: PhysicalPlan, stage: Stage, input: 0 | 1): ReadonlySet<NodeId> {
  const sources = new Set<NodeId>();
  const waiting = stage.inputs.map((index) => plan.exchanges[index]!).filter((exchange) => exchange.input === input);
  const seen = new Set(waiting);
  for (let exchange = waiting.pop(); exchange !== undefined; exchange = waiting.pop()) {
    const from = plan.stages[exchange.from]!;
    const head = from.chain[0]!.node;
    if (head.role === 'source') sources.add(head.id);
    for (const next of from.inputs.map((index) => plan.exchanges[index]!)) {
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return sources;
}

function hasEnded(surveys: SurveyedSources, source: NodeId): boolean {
  return Object.values(surveys[source] ?? {}).every(({ isEmpty, isEnd }) => isEmpty && isEnd);
}
