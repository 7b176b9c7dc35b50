import type { Exchange, PhysicalPlan } from './physical-plan.ts';

/** Which side of a join an exchange leads to, and whether it is read to its end before the other; `undefined` where there is one input. */
export function sideOf(
  { stages, exchanges }: Pick<PhysicalPlan, 'stages' | 'exchanges'>,
  exchange: Exchange,
): string | undefined {
  const stage = stages[exchange.to]!;
  const { node } = stage.chain[0]!;
  if (!stage.inputs.some((index) => exchanges[index]!.input === 1)) return undefined;
  if (exchange.input === 0) return 'left';
  return node.role === 'operator' && node.readsSecondFirst ? 'right, read first' : 'right';
}
