/**
 * `"mean(record.delay)"`: the call of an aggregate around an expression of one record, as an aggregator. Parsed as CEL, so that the inside
 * may be any expression; what shapes the aggregate (`quantile(record.delay, 0.99)`) is written out.
 */
import { OptionError, suggest } from '../../model/index.ts';
import { type Aggregator, aggregates } from '../../operators/index.ts';
import { compileTree, type ExpectedType } from './expression.ts';
import { type ASTNode, ExpressionProblem, parseExpression } from './parse-expression.ts';

export const AGGREGATE_NAMES = [
  'count',
  'sum',
  'min',
  'max',
  'mean',
  'variance',
  'stddev',
  'distinct',
  'distinctApproximate',
  'first',
  'last',
  'top',
  'quantile',
  'quantiles',
  'collect',
] as const;

export type AggregateName = (typeof AGGREGATE_NAMES)[number];

/** An aggregator of whatever records come: it checks their values itself. */
export type RecordAggregator = Aggregator<unknown, unknown, unknown>;

type Field = (record: unknown) => never;

/** The arguments of one call. */
interface Arguments {
  readonly count: number;
  /** Expression of a record. */
  field(index: number, expected: ExpectedType): Field;
  number(index: number): number;
  numbers(index: number): readonly number[];
  word<W extends string>(index: number, known: readonly W[]): W;
}

interface Form {
  /** Arguments that must be there, and that may be. */
  readonly least: number;
  readonly most: number;
  readonly example: string;
  create(args: Arguments): Aggregator<never, unknown, unknown>;
}

const { count, sum, min, max, mean, variance, stddev, distinct, distinctApproximate, first, last, top } = aggregates;
const { quantile, quantiles, collect } = aggregates;
const BEYOND = ['fail', 'keepFirst', 'keepLast'] as const;
const VARIANCE_OF = ['sample', 'population'] as const;

const FORMS: Readonly<Record<AggregateName, Form>> = {
  count: { least: 0, most: 0, example: 'count()', create: () => count() },
  sum: oneField('sum(record.delay)', 'number', sum),
  min: oneField('min(record.delay)', 'any', min),
  max: oneField('max(record.delay)', 'any', max),
  mean: oneField('mean(record.delay)', 'number', mean),
  variance: {
    least: 1,
    most: 2,
    example: 'variance(record.delay) or variance(record.delay, "population")',
    create: (args) => variance(args.field(0, 'number'), args.count > 1 ? { of: args.word(1, VARIANCE_OF) } : {}),
  },
  stddev: {
    least: 1,
    most: 2,
    example: 'stddev(record.delay) or stddev(record.delay, "population")',
    create: (args) => stddev(args.field(0, 'number'), args.count > 1 ? { of: args.word(1, VARIANCE_OF) } : {}),
  },
  distinct: {
    least: 1,
    most: 2,
    example: 'distinct(record.origin) or, at most 1,000 values, distinct(record.origin, 1000)',
    create: (args) => distinct(args.field(0, 'any'), args.count > 1 ? { limit: args.number(1) } : {}),
  },
  distinctApproximate: {
    least: 1,
    most: 2,
    example:
      'distinctApproximate(record.flight) or, with a standard error of 1%, distinctApproximate(record.flight, 0.01)',
    create: (args) =>
      distinctApproximate(args.field(0, 'any'), args.count > 1 ? { standardError: args.number(1) } : {}),
  },
  first: oneField('first(record.origin)', 'any', first),
  last: oneField('last(record.origin)', 'any', last),
  top: {
    least: 2,
    most: 3,
    example: 'top(record.delay, 3) or, of the same records, top(record.delay, 3, record.flight)',
    create: (args) =>
      args.count > 2
        ? top(args.field(0, 'any'), args.number(1), args.field(2, 'any'))
        : top(args.field(0, 'any'), args.number(1)),
  },
  quantile: {
    least: 2,
    most: 3,
    example: 'quantile(record.delay, 0.99) or, within 0.5%, quantile(record.delay, 0.99, 0.005)',
    create: (args) =>
      quantile(args.field(0, 'number'), args.number(1), args.count > 2 ? { relativeError: args.number(2) } : {}),
  },
  quantiles: {
    least: 2,
    most: 3,
    example: 'quantiles(record.delay, [0.5, 0.9, 0.99])',
    create: (args) =>
      quantiles(args.field(0, 'number'), args.numbers(1), args.count > 2 ? { relativeError: args.number(2) } : {}),
  },
  collect: {
    least: 1,
    most: 3,
    example: 'collect(record.flight), or the last ten: collect(record.flight, 10, "keepLast")',
    create: (args) =>
      collect(args.field(0, 'any'), {
        limit: args.count > 1 ? args.number(1) : undefined,
        beyond: args.count > 2 ? args.word(2, BEYOND) : undefined,
      }),
  },
};

/** Throws `ExpressionProblem`. `path` is where the expression stands, for messages. */
export function compileAggregate(source: string, path: string): RecordAggregator {
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
  const form = FORMS[name];
  if (args.length < form.least || args.length > form.most) throw wrongCount(name, form);
  try {
    return form.create(readArguments(name, form, args, { source, path })) as unknown as RecordAggregator;
  } catch (error) {
    // An argument that the aggregate refuses.
    throw error instanceof OptionError ? new ExpressionProblem(error.message) : error;
  }
}

function oneField(
  example: string,
  expected: ExpectedType,
  create: (field: Field) => Aggregator<never, unknown, unknown>,
): Form {
  return { least: 1, most: 1, example, create: (args) => create(args.field(0, expected)) };
}

function wrongCount(name: AggregateName, { least, most, example }: Form): ExpressionProblem {
  if (most === 0) return new ExpressionProblem(`${name}() takes no argument; filter the records before`);
  const wanted = least === most ? String(least) : `${least} to ${most}`;
  return new ExpressionProblem(
    `${name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, for instance ${example}`,
  );
}

function readArguments(
  name: AggregateName,
  { example }: Form,
  args: readonly ASTNode[],
  { source, path }: { readonly source: string; readonly path: string },
): Arguments {
  const wrong = (index: number, wanted: string): ExpressionProblem =>
    new ExpressionProblem(`argument ${index + 1} of ${name}() must be ${wanted}, for instance ${example}`);
  return {
    count: args.length,
    field(index, expected) {
      const { evaluate } = compileTree(args[index]!, source, path, expected);
      return (record) => evaluate(record) as never;
    },
    number(index) {
      const number = literalNumber(args[index]!);
      if (number === undefined) throw wrong(index, 'a number, written out');
      return number;
    },
    numbers(index) {
      const list = args[index]!;
      const numbers = list.op === 'list' ? list.args.map(literalNumber) : [undefined];
      if (numbers.includes(undefined)) throw wrong(index, 'a list of numbers, written out');
      return numbers as number[];
    },
    word(index, known) {
      const node = args[index]!;
      const word = known.find((candidate) => node.op === 'value' && node.args === candidate);
      if (word === undefined) throw wrong(index, known.map((each) => JSON.stringify(each)).join(' or '));
      return word;
    },
  };
}

function literalNumber(node: ASTNode): number | undefined {
  if (node.op === '-_') {
    const positive = literalNumber(node.args);
    return positive === undefined ? undefined : -positive;
  }
  if (node.op !== 'value') return undefined;
  return typeof node.args === 'number' || typeof node.args === 'bigint' ? Number(node.args) : undefined;
}
