/** Arithmetic, comparison, equality and membership. */
import type { Compiled } from './compile-node.ts';
import { type Evaluate, type Evaluation, ExpressionFailure } from './evaluation.ts';
import { concatenate } from './functions.ts';
import { ExpressionProblem } from './parse-expression.ts';
import { compare, elementsOf, isEqual, ownField, type TypeName, toNumber, toText, typeOf } from './values.ts';

export type BinaryOperatorName = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '/' | '%';

/** Throws `ExpressionProblem` where the types are known and do not go together. */
export function binaryOperator(name: BinaryOperatorName, left: Compiled, right: Compiled): Compiled {
  const mismatch = describeMismatch(name, left.type, right.type);
  if (mismatch !== undefined) throw new ExpressionProblem(mismatch);
  return {
    run: RUNS[name](left.run, right.run),
    type: resultType(name, left.type, right.type),
    size: left.size + right.size + 1,
  };
}

/** Two numbers are the common case and answered on the spot; everything else goes the careful way. */
const RUNS: Readonly<Record<BinaryOperatorName, (left: Evaluate, right: Evaluate) => Evaluate>> = {
  '==': (left, right) => (s, e) => isEqual(left(s, e), right(s, e), e),
  '!=': (left, right) => (s, e) => !isEqual(left(s, e), right(s, e), e),
  '<': (left, right) => (s, e) => {
    const a = left(s, e);
    const b = right(s, e);
    return typeof a === 'number' && typeof b === 'number' ? a < b : compare(a, b, '<') < 0;
  },
  '<=': (left, right) => (s, e) => {
    const a = left(s, e);
    const b = right(s, e);
    return typeof a === 'number' && typeof b === 'number' ? a <= b : compare(a, b, '<=') <= 0;
  },
  '>': (left, right) => (s, e) => {
    const a = left(s, e);
    const b = right(s, e);
    return typeof a === 'number' && typeof b === 'number' ? a > b : compare(a, b, '>') > 0;
  },
  '>=': (left, right) => (s, e) => {
    const a = left(s, e);
    const b = right(s, e);
    return typeof a === 'number' && typeof b === 'number' ? a >= b : compare(a, b, '>=') >= 0;
  },
  in: (left, right) => (s, e) => isIn(left(s, e), right(s, e), e),
  '+': (left, right) => (s, e) => add(left(s, e), right(s, e), e),
  '-': (left, right) => (s, e) => {
    const a = left(s, e);
    const b = right(s, e);
    return typeof a === 'number' && typeof b === 'number' ? a - b : toNumber(a, '-') - toNumber(b, '-');
  },
  '*': (left, right) => (s, e) => {
    const a = left(s, e);
    const b = right(s, e);
    return typeof a === 'number' && typeof b === 'number' ? a * b : toNumber(a, '*') * toNumber(b, '*');
  },
  '/': (left, right) => (s, e) => {
    const a = left(s, e);
    const b = right(s, e);
    return typeof a === 'number' && typeof b === 'number' ? a / b : toNumber(a, '/') / toNumber(b, '/');
  },
  '%': (left, right) => (s, e) => {
    const a = left(s, e);
    const b = right(s, e);
    return typeof a === 'number' && typeof b === 'number' ? a % b : toNumber(a, '%') % toNumber(b, '%');
  },
};

function add(a: unknown, b: unknown, evaluation: Evaluation): unknown {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'string') return concatenate(evaluation, a, toText(b, 'string +'));
  if (typeOf(a) === 'list') {
    if (typeOf(b) !== 'list') throw new ExpressionFailure(`list + ${typeOf(b)} is not defined`);
    const [first, second] = [elementsOf(a), elementsOf(b)];
    evaluation.charge(first.length + second.length);
    return [...first, ...second];
  }
  return toNumber(a, '+') + toNumber(b, '+');
}

function isIn(element: unknown, container: unknown, evaluation: Evaluation): boolean {
  if (typeOf(container) === 'map') {
    return container instanceof Map && container.has(element)
      ? true
      : ownField(container, String(element)) !== undefined;
  }
  const elements = elementsOf(container);
  evaluation.charge(elements.length);
  return elements.some((candidate) => isEqual(candidate, element, evaluation));
}

const ORDERED: ReadonlySet<TypeName> = new Set<TypeName>(['number', 'string', 'bool', 'time', 'dyn']);
const ADDABLE: ReadonlySet<TypeName> = new Set<TypeName>(['number', 'string', 'list', 'dyn']);

function describeMismatch(name: BinaryOperatorName, left: TypeName, right: TypeName): string | undefined {
  const both = (allowed: ReadonlySet<TypeName>): boolean =>
    allowed.has(left) && allowed.has(right) && (left === right || left === 'dyn' || right === 'dyn');
  let isFine: boolean;
  switch (name) {
    case '==':
    case '!=':
      return undefined;
    case 'in':
      isFine = right === 'list' || right === 'map' || right === 'dyn';
      break;
    case '+':
      isFine = both(ADDABLE);
      break;
    case '<':
    case '<=':
    case '>':
    case '>=':
      isFine = both(ORDERED);
      break;
    default:
      isFine = (left === 'number' || left === 'dyn') && (right === 'number' || right === 'dyn');
  }
  return isFine ? undefined : `${left} ${name} ${right} is not defined`;
}

function resultType(name: BinaryOperatorName, left: TypeName, right: TypeName): TypeName {
  switch (name) {
    case '-':
    case '*':
    case '/':
    case '%':
      return 'number';
    case '+':
      return left === 'dyn' ? right : left;
    default:
      return 'bool';
  }
}
