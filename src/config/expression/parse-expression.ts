/**
 * Text of an expression to syntax tree: the only user of the CEL library's parser, with every limit on length and nesting.
 * Syntax only: names and types are the compiler's business.
 */
import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';

export type { ASTNode } from '@marcbachmann/cel-js';

export const EXPRESSION_LENGTH_MAX: number = 4096;
export const EXPRESSION_NESTING_MAX: number = 100;

const parser: Environment = new Environment({
  unlistedVariablesAreDyn: true,
  limits: {
    maxAstNodes: 2000,
    maxDepth: EXPRESSION_NESTING_MAX,
    maxListElements: 1000,
    maxMapEntries: 200,
    maxCallArguments: 32,
  },
});

/** Found while loading an expression. The caller knows its path in the job file. */
export class ExpressionProblem extends Error {
  readonly suggestion: string | undefined;
  constructor(message: string, suggestion?: string) {
    super(message);
    this.suggestion = suggestion;
  }
}

/** Throws {@link ExpressionProblem}. */
export function parseExpression(source: string): ASTNode {
  if (source.trim() === '') throw new ExpressionProblem('the expression is empty');
  if (source.length > EXPRESSION_LENGTH_MAX) {
    throw new ExpressionProblem(
      `the expression has ${source.length} characters, more than ${EXPRESSION_LENGTH_MAX}; move it to a module`,
    );
  }
  try {
    return parser.parse(source).ast;
  } catch (error) {
    if (error instanceof RangeError) throw new ExpressionProblem('the expression is nested too deeply');
    if (!(error instanceof ParseError)) throw error;
    const at = error.range === undefined ? '' : ` at character ${error.range.start + 1}`;
    throw new ExpressionProblem(`the expression is not valid CEL${at}: ${lowerFirst(error.summary)}`);
  }
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
