/**
 * A CEL expression of a job file, compiled once at load and evaluated per record.
 *
 * The CEL library reads the syntax; evaluation is a tree of closures of our own (see docs/dependencies.md for the figures):
 * about three times faster, numbers as records have them, a bound on the cost, and a closed list of functions. An
 * expression reaches nothing but its record and those functions (S12).
 */
import { OperatorError } from '../../model/index.ts';
import { compileNode } from './compile-node.ts';
import { Evaluation, ExpressionFailure } from './evaluation.ts';
import { RANDOM_FUNCTIONS, STANDARD_FUNCTIONS } from './functions.ts';
import { type ASTNode, ExpressionProblem, parseExpression } from './parse-expression.ts';
import type { TypeName } from './values.ts';

export interface Expression {
  readonly source: string;
  /** Type of the result where it is known before any record. */
  readonly type: TypeName;
  /**
   * The value of the expression for one record. Plain values: numbers are JavaScript numbers, lists arrays, maps objects.
   * Parts of the record are handed on, not copied. Throws `OperatorError` naming the expression and its path.
   */
  evaluate(record: unknown): unknown;
}

/** As {@link Expression}, for generators: a pure function of `index` and of the numbers drawn from `random`. */
export interface GeneratorExpression {
  readonly source: string;
  evaluate(index: number, random: () => number): unknown;
}

/** As {@link Expression}, over the two sides of a join and, where they met in a window, its bounds. */
export interface JoinedExpression {
  readonly source: string;
  evaluate(left: unknown, right: unknown, windowStart?: number, windowEnd?: number): unknown;
}

export type ExpectedType = 'any' | 'bool' | 'list' | 'key' | 'number' | 'time';

/** Compiles an expression over `record`. `path` is where it stands, for messages. Throws `ExpressionProblem`. */
export function compileExpression(source: string, path: string, expected: ExpectedType = 'any'): Expression {
  return compileTree(parseExpression(source), source, path, expected);
}

/** As {@link compileExpression}, from a part of an expression that is parsed already: the argument of an aggregate. */
export function compileTree(tree: ASTNode, source: string, path: string, expected: ExpectedType = 'any'): Expression {
  const compiled = compileNode(tree, {
    subject: 'record',
    subjectType: 'dyn',
    functions: STANDARD_FUNCTIONS,
    variables: [],
    depth: 0,
  });
  checkResult(compiled.type, expected);
  const evaluation = new Evaluation();
  const { run } = compiled;
  const evaluate = (record: unknown): unknown => {
    evaluation.reset();
    try {
      return run(record, evaluation);
    } catch (error) {
      throw describeFailure(error, source, path);
    }
  };
  return { source, type: compiled.type, evaluate };
}

/** Compiles an expression over `left` and `right`, and `windowStart` and `windowEnd` where there is a window. Throws `ExpressionProblem`. */
export function compileJoinedExpression(source: string, path: string, isInWindow: boolean): JoinedExpression {
  const compiled = compileNode(parseExpression(source), {
    subject: 'left',
    subjectType: 'dyn',
    functions: STANDARD_FUNCTIONS,
    variables: isInWindow ? ['right', 'windowStart', 'windowEnd'] : ['right'],
    depth: 0,
  });
  const evaluation = new Evaluation();
  const { slots } = evaluation;
  const evaluate = (left: unknown, right: unknown, windowStart?: number, windowEnd?: number): unknown => {
    evaluation.reset();
    slots[0] = right;
    if (isInWindow) {
      slots[1] = windowStart;
      slots[2] = windowEnd;
    }
    try {
      return compiled.run(left, evaluation);
    } catch (error) {
      throw describeFailure(error, source, path);
    }
  };
  return { source, evaluate };
}

/** Compiles an expression over `index` with `random()`, `randomInt(a, b)` and `choice(list)`. Throws `ExpressionProblem`. */
export function compileGeneratorExpression(source: string, path: string): GeneratorExpression {
  const compiled = compileNode(parseExpression(source), {
    subject: 'index',
    subjectType: 'number',
    functions: GENERATOR_FUNCTIONS,
    variables: [],
    depth: 0,
  });
  const evaluation = new Evaluation();
  const evaluate = (index: number, random: () => number): unknown => {
    evaluation.reset();
    evaluation.random = random;
    try {
      return compiled.run(index, evaluation);
    } catch (error) {
      throw describeFailure(error, source, path);
    }
  };
  return { source, evaluate };
}

const GENERATOR_FUNCTIONS: typeof STANDARD_FUNCTIONS = new Map([...STANDARD_FUNCTIONS, ...RANDOM_FUNCTIONS]);

const EXPECTATIONS: Readonly<Record<Exclude<ExpectedType, 'any'>, { types: readonly TypeName[]; text: string }>> = {
  bool: { types: ['bool'], text: 'true or false' },
  list: { types: ['list'], text: 'a list' },
  key: { types: ['string', 'number', 'bool'], text: 'a string, number or bool' },
  number: { types: ['number', 'null'], text: 'a number or null' },
  time: { types: ['number', 'string', 'time', 'null'], text: 'a time (milliseconds, text or time) or null' },
};

function checkResult(type: TypeName, expected: ExpectedType): void {
  if (expected === 'any' || type === 'dyn') return;
  const { types, text } = EXPECTATIONS[expected];
  if (!types.includes(type))
    throw new ExpressionProblem(`the expression must yield ${text} here, but it yields a ${type}`);
}

function describeFailure(error: unknown, source: string, path: string): unknown {
  if (!(error instanceof ExpressionFailure) && !(error instanceof RangeError)) return error;
  const reason = error instanceof RangeError ? 'the values are nested too deeply' : error.message;
  return new OperatorError(`${path}: the expression ${JSON.stringify(source)} has no value for a record: ${reason}`, {
    code: 'ERR_EXPRESSION',
  });
}
