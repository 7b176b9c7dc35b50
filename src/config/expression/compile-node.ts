/**
 * Syntax tree to closures: each node becomes one function of (record, evaluation). Interpreted, never turned into source
 * text. What can be known without a record is checked here: names, functions, numbers of arguments, types of literals.
 */

import { suggest } from '../../model/index.ts';
import { binaryOperator } from './binary-operators.ts';
import { type Evaluate, ExpressionFailure } from './evaluation.ts';
import type { ExpressionFunction } from './functions.ts';
import { compileMacro } from './macros.ts';
import { type ASTNode, EXPRESSION_NESTING_MAX, ExpressionProblem } from './parse-expression.ts';
import { fieldReader, requireElement, type TypeName, toBool, toNumber } from './values.ts';

export interface Compiled {
  readonly run: Evaluate;
  /** `dyn` where only a record can tell. */
  readonly type: TypeName;
  /** Nodes below and including this one: what one run of it costs. */
  readonly size: number;
}

/** What is in scope at a node. */
export interface Scope {
  /** The variable that stands for the evaluated value: `record`, or `index` in a generator. */
  readonly subject: string;
  readonly subjectType: TypeName;
  readonly functions: ReadonlyMap<string, ExpressionFunction>;
  /** Macro variables, outermost first; the position is the slot. */
  readonly variables: readonly string[];
  readonly depth: number;
}

/** Chains such as `a || b || c` nest to the left: twice the parser's limit leaves them room. */
const DEPTH_MAX = 2 * EXPRESSION_NESTING_MAX;

const FUNCTION_HINTS: Readonly<Record<string, string>> = {
  matches:
    'regular expressions are not available, because one can be written to run for ever; use contains, startsWith or endsWith',
  duration: 'durations are not available in expressions; write milliseconds',
};

/** Throws {@link ExpressionProblem}. */
export function compileNode(node: ASTNode, outer: Scope): Compiled {
  if (outer.depth > DEPTH_MAX) throw new ExpressionProblem('the expression is nested too deeply');
  const scope = { ...outer, depth: outer.depth + 1 };
  switch (node.op) {
    case 'value':
      return compileLiteral(node.args);
    case 'id':
      return compileVariable(node.args, scope);
    case '.':
      return compileField(node.args[0], node.args[1], scope);
    case '[]':
      return compileIndex(node.args[0], node.args[1], scope);
    case 'call':
      return compileMacro(node, scope) ?? compileCall(node.args[0], 'function', node.args[1], scope);
    case 'rcall':
      return compileMacro(node, scope) ?? compileMethod(node.args[0], node.args[1], node.args[2], scope);
    case 'list':
      return compileList(node.args, scope);
    case 'map':
      return compileMap(node.args, scope);
    case '?:':
      return compileCondition(node.args, scope);
    case '||':
      return compileLogic(node.args, true, scope);
    case '&&':
      return compileLogic(node.args, false, scope);
    case '!_': {
      const inner = expectType(compileNode(node.args, scope), 'bool', '!');
      return { run: (s, e) => !toBool(inner.run(s, e), '!'), type: 'bool', size: inner.size + 1 };
    }
    case '-_': {
      const inner = expectType(compileNode(node.args, scope), 'number', '-');
      return { run: (s, e) => -toNumber(inner.run(s, e), '-'), type: 'number', size: inner.size + 1 };
    }
    case '.?':
    case '[?]':
      throw new ExpressionProblem('optional access is not available; use has(...)');
    default:
      return binaryOperator(node.op, compileNode(node.args[0], scope), compileNode(node.args[1], scope));
  }
}

/** Passes `compiled` on unless its type is known to be another. */
export function expectType(compiled: Compiled, type: TypeName, where: string): Compiled {
  if (compiled.type === type || compiled.type === 'dyn') return compiled;
  throw new ExpressionProblem(`${where} needs a ${type}, not a ${compiled.type}`);
}

function compileLiteral(value: unknown): Compiled {
  if (value === null) return { run: () => null, type: 'null', size: 1 };
  switch (typeof value) {
    case 'string':
      return { run: () => value, type: 'string', size: 1 };
    case 'boolean':
      return { run: () => value, type: 'bool', size: 1 };
    case 'number':
      return { run: () => value, type: 'number', size: 1 };
  }
  if (value instanceof Uint8Array) throw new ExpressionProblem('byte strings are not available');
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new ExpressionProblem(
      `the integer ${String(value)} cannot be held exactly: numbers are doubles (up to 2^53)`,
    );
  }
  return { run: () => number, type: 'number', size: 1 };
}

function compileVariable(name: string, scope: Scope): Compiled {
  const slot = scope.variables.lastIndexOf(name);
  if (slot !== -1) return { run: (_, evaluation) => evaluation.slots[slot], type: 'dyn', size: 1 };
  if (name === scope.subject) return { run: (subject) => subject, type: scope.subjectType, size: 1 };
  throw new ExpressionProblem(
    `there is no variable ${JSON.stringify(name)}; in scope: ${[scope.subject, ...scope.variables].join(', ')}`,
    suggest(name, [scope.subject, ...scope.variables]),
  );
}

function compileField(object: ASTNode, name: string, scope: Scope): Compiled {
  if (object.op === 'id' && object.args === scope.subject && !scope.variables.includes(object.args)) {
    if (scope.subjectType !== 'dyn')
      throw new ExpressionProblem(`${scope.subject} is a ${scope.subjectType} and has no fields`);
    return { run: fieldReader(name), type: 'dyn', size: 1 };
  }
  const inner = compileNode(object, scope);
  if (inner.type !== 'map' && inner.type !== 'dyn') {
    throw new ExpressionProblem(`a ${inner.type} has no field ${JSON.stringify(name)}`);
  }
  const read = fieldReader(name);
  return { run: (s, e) => read(inner.run(s, e)), type: 'dyn', size: inner.size + 1 };
}

function compileIndex(object: ASTNode, index: ASTNode, scope: Scope): Compiled {
  const left = compileNode(object, scope);
  const right = compileNode(index, scope);
  const size = left.size + right.size + 1;
  return { run: (s, e) => requireElement(left.run(s, e), right.run(s, e)), type: 'dyn', size };
}

function compileMethod(name: string, receiver: ASTNode, args: readonly ASTNode[], scope: Scope): Compiled {
  const isNamespace = receiver.op === 'id' && receiver.args === 'math' && !scope.variables.includes('math');
  if (isNamespace) return compileCall(`math.${name}`, 'function', args, scope);
  return compileCall(name, 'method', [receiver, ...args], scope);
}

function compileCall(name: string, form: 'function' | 'method', args: readonly ASTNode[], scope: Scope): Compiled {
  const callee = scope.functions.get(name);
  if (callee === undefined || (callee.form !== 'both' && callee.form !== form))
    throw unknownFunction(name, form, scope);
  const received = form === 'method' ? 1 : 0;
  if (args.length < callee.argumentsMin || args.length > callee.argumentsMax) {
    const [min, max] = [callee.argumentsMin - received, callee.argumentsMax - received];
    const wanted = min === max ? `${min}` : `${min} to ${max}`;
    throw new ExpressionProblem(
      `${name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${args.length - received}`,
    );
  }
  const compiled = args.map((arg) => compileNode(arg, scope));
  const [a, b, c] = compiled;
  const size = compiled.reduce((sum, arg) => sum + arg.size, 2);
  return { run: callWith(callee, a, b, c), type: callee.returns, size };
}

function callWith(callee: ExpressionFunction, a?: Compiled, b?: Compiled, c?: Compiled): Evaluate {
  if (a === undefined) return (_, e) => callee.call(e, undefined);
  if (b === undefined) return (s, e) => callee.call(e, a.run(s, e));
  if (c === undefined) return (s, e) => callee.call(e, a.run(s, e), b.run(s, e));
  return (s, e) => callee.call(e, a.run(s, e), b.run(s, e), c.run(s, e));
}

function unknownFunction(name: string, form: 'function' | 'method', scope: Scope): ExpressionProblem {
  const hint = Object.hasOwn(FUNCTION_HINTS, name) ? `; ${FUNCTION_HINTS[name]}` : '';
  const known = [...scope.functions].filter(([, { form: has }]) => has === 'both' || has === form).map(([key]) => key);
  return new ExpressionProblem(`there is no ${form} ${name}()${hint}`, hint === '' ? suggest(name, known) : undefined);
}

function compileList(elements: readonly ASTNode[], scope: Scope): Compiled {
  const compiled = elements.map((element) => compileNode(element, scope));
  const size = compiled.reduce((sum, element) => sum + element.size, 1);
  return { run: (s, e) => compiled.map((element) => element.run(s, e)), type: 'list', size };
}

function compileMap(entries: readonly (readonly [ASTNode, ASTNode])[], scope: Scope): Compiled {
  const compiled = entries.map(([key, value]) => [compileNode(key, scope), compileNode(value, scope)] as const);
  const size = compiled.reduce((sum, [key, value]) => sum + key.size + value.size, 1);
  const run: Evaluate = (s, e) => {
    const map: Record<string, unknown> = {};
    for (const [key, value] of compiled) putOwn(map, mapKey(key.run(s, e)), value.run(s, e));
    return map;
  };
  return { run, type: 'map', size };
}

/** Sets a plain own field, whatever its name: an assignment to `__proto__` would change the prototype instead. */
export function putOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else target[name] = value;
}

function mapKey(key: unknown): string {
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean') return String(key);
  throw new ExpressionFailure('a key of a map must be a string, number or bool');
}

function compileCondition(args: readonly [ASTNode, ASTNode, ASTNode], scope: Scope): Compiled {
  const test = expectType(compileNode(args[0], scope), 'bool', '?:');
  const yes = compileNode(args[1], scope);
  const no = compileNode(args[2], scope);
  return {
    run: (s, e) => (toBool(test.run(s, e), '?:') ? yes.run(s, e) : no.run(s, e)),
    type: yes.type === no.type ? yes.type : 'dyn',
    size: test.size + yes.size + no.size + 1,
  };
}

/**
 * `||` (decided by true) and `&&` (decided by false). As CEL defines them, a failure on one side does not matter when the
 * other side decides; the cost limit is still reached, because the cost left never grows.
 */
function compileLogic(args: readonly [ASTNode, ASTNode], decisive: boolean, scope: Scope): Compiled {
  const name = decisive ? '||' : '&&';
  const left = expectType(compileNode(args[0], scope), 'bool', name);
  const right = expectType(compileNode(args[1], scope), 'bool', name);
  const run: Evaluate = (s, e) => {
    try {
      if (toBool(left.run(s, e), name) === decisive) return decisive;
    } catch (error) {
      const failure = e.absorb(error);
      if (right.run(s, e) === decisive) return decisive;
      throw failure;
    }
    return toBool(right.run(s, e), name);
  };
  return { run, type: 'bool', size: left.size + right.size + 1 };
}
