/** `has`, and the macros that walk a list (or the keys of a map): `all`, `exists`, `exists_one`, `filter`, `map`. */
import { type Compiled, compileNode, expectType, type Scope } from './compile-node.ts';
import type { Evaluate, Evaluation, ExpressionFailure } from './evaluation.ts';
import { type ASTNode, ExpressionProblem } from './parse-expression.ts';
import { elementsOf, ownField, toBool } from './values.ts';

type CallNode = Extract<ASTNode, { readonly op: 'call' | 'rcall' }>;

/** `undefined` when the call is no macro. Throws {@link ExpressionProblem} for a macro used wrongly. */
export function compileMacro(node: CallNode, scope: Scope): Compiled | undefined {
  if (node.op === 'call') return node.args[0] === 'has' ? compileHas(node.args[1], scope) : undefined;
  const [name, receiver, args] = node.args;
  const build = Object.hasOwn(WALKS, name) ? WALKS[name] : undefined;
  if (build === undefined) return undefined;
  const isMapWithFilter = name === 'map' && args.length === 3;
  if (args.length !== 2 && !isMapWithFilter) {
    throw new ExpressionProblem(`${name}() takes a variable and an expression, for instance list.${name}(x, ...)`);
  }
  const [variable, ...bodies] = args as [ASTNode, ...ASTNode[]];
  if (variable.op !== 'id') throw new ExpressionProblem(`the first argument of ${name}() must be a new variable name`);
  const list = compileNode(receiver, scope);
  if (list.type !== 'list' && list.type !== 'map' && list.type !== 'dyn') {
    throw new ExpressionProblem(`${name}() walks a list or a map, not a ${list.type}`);
  }
  const inner = { ...scope, variables: [...scope.variables, variable.args] };
  const compiled = bodies.map((body) => compileNode(body, inner));
  const walk: Walk = { list: list.run, slot: scope.variables.length, cost: sum(compiled) + 1 };
  return build(walk, compiled, list.size + sum(compiled) + 1);
}

/** Where a walk reads its elements and puts each of them, and what one round costs. */
interface Walk {
  readonly list: Evaluate;
  readonly slot: number;
  readonly cost: number;
}

const WALKS: Readonly<Record<string, (walk: Walk, bodies: readonly Compiled[], size: number) => Compiled>> = {
  all: (walk, [body], size) => ({ run: quantifier(walk, predicate(body, 'all'), false), type: 'bool', size }),
  exists: (walk, [body], size) => ({ run: quantifier(walk, predicate(body, 'exists'), true), type: 'bool', size }),
  exists_one: (walk, [body], size) => {
    const collect = collector(walk, predicate(body, 'exists_one'), undefined);
    return { run: (s, e) => (collect(s, e) as unknown[]).length === 1, type: 'bool', size };
  },
  filter: (walk, [body], size) => ({ run: collector(walk, predicate(body, 'filter'), undefined), type: 'list', size }),
  map: (walk, [first, second], size) => {
    const run =
      second === undefined
        ? collector(walk, undefined, first!.run)
        : collector(walk, predicate(first, 'map'), second.run);
    return { run, type: 'list', size };
  },
};

function predicate(body: Compiled | undefined, name: string): (s: unknown, e: Evaluation) => boolean {
  const { run } = expectType(body!, 'bool', `${name}()`);
  return (s, e) => toBool(run(s, e), `${name}()`);
}

/** `exists` (decided by true) and `all` (decided by false); a failure counts only when no element decides. */
function quantifier(walk: Walk, test: (s: unknown, e: Evaluation) => boolean, decisive: boolean): Evaluate {
  return (s, e) => {
    let failure: ExpressionFailure | undefined;
    for (const element of elementsOf(walk.list(s, e))) {
      e.charge(walk.cost);
      e.slots[walk.slot] = element;
      try {
        if (test(s, e) === decisive) return decisive;
      } catch (error) {
        const absorbed = e.absorb(error);
        failure ??= absorbed;
      }
    }
    if (failure !== undefined) throw failure;
    return !decisive;
  };
}

function collector(
  walk: Walk,
  test: ((s: unknown, e: Evaluation) => boolean) | undefined,
  transform: Evaluate | undefined,
): Evaluate {
  return (s, e) => {
    const collected: unknown[] = [];
    for (const element of elementsOf(walk.list(s, e))) {
      e.charge(walk.cost);
      e.slots[walk.slot] = element;
      if (test !== undefined && !test(s, e)) continue;
      collected.push(transform === undefined ? element : transform(s, e));
    }
    return collected;
  };
}

function compileHas(args: readonly ASTNode[], scope: Scope): Compiled {
  const [field] = args;
  if (args.length !== 1 || field === undefined || field.op !== '.') {
    throw new ExpressionProblem('has() takes one field, for instance has(record.delay)');
  }
  const object = compileNode(field.args[0], scope);
  const name = field.args[1];
  const run: Evaluate = (s, e) => {
    const value = ownField(object.run(s, e), name);
    return value !== undefined;
  };
  return { run, type: 'bool', size: object.size + 1 };
}

function sum(parts: readonly Compiled[]): number {
  return parts.reduce((total, part) => total + part.size, 0);
}
