/**
 * `"mean(record.delay)"`: the call of an aggregate around an expression of one record. Parsed as CEL, so that the inside
 * may be any expression.
 */
import { suggest } from '../../model/index.ts';
import { compileTree, type Expression } from './expression.ts';
import { ExpressionProblem, parseExpression } from './parse-expression.ts';

export const AGGREGATE_NAMES = ['count', 'sum', 'min', 'max', 'mean'] as const;

export type AggregateName = (typeof AGGREGATE_NAMES)[number];

export type AggregateExpression =
  | { readonly name: 'count' }
  | { readonly name: Exclude<AggregateName, 'count'>; readonly of: Expression };

/** Throws `ExpressionProblem`. */
export function compileAggregate(source: string, path: string): AggregateExpression {
  const tree = parseExpression(source);
  if (tree.op !== 'call') {
    throw new ExpressionProblem(
      `an aggregate is expected here: ${AGGREGATE_NAMES.join(', ')}, for instance mean(record.delay)`,
    );
  }
  const [given, args] = tree.args;
  const name = AGGREGATE_NAMES.find((known) => known === given);
  if (name === undefined) {
    throw new ExpressionProblem(
      `there is no aggregate ${given}(); there are ${AGGREGATE_NAMES.join(', ')}`,
      suggest(given, AGGREGATE_NAMES),
    );
  }
  if (name === 'count') {
    if (args.length > 0) throw new ExpressionProblem('count() takes no argument; filter the records before');
    return { name };
  }
  const [argument] = args;
  if (argument === undefined || args.length !== 1) {
    throw new ExpressionProblem(`${name}() takes one argument, for instance ${name}(record.delay)`);
  }
  return { name, of: compileTree(argument, source, path, name === 'min' || name === 'max' ? 'any' : 'number') };
}
