/**
 * Reads one TypeScript source and states what the architecture rules ask about: imports, globals, constructs, lengths.
 * Facts only: which of them are allowed is `check.ts` with `rules.ts`.
 *
 * Types are erased before anything runs, so a global in type position (`buffer: SharedArrayBuffer`) is no use of it; an
 * import in type position is an edge all the same, because a reader follows it.
 */
import { parseSync } from 'oxc-parser';
import type { Construct } from './rules.ts';

export interface ImportFact {
  /** As written. `undefined` for `import(expression)`. */
  readonly specifier: string | undefined;
  /** Imported names; `*` for a namespace, a side-effect import or a re-export of everything. */
  readonly names: readonly string[];
  readonly line: number;
}

export interface FunctionFact {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

export interface UseFact {
  /** Dotted path of a global: `Date.now`, `setTimeout`, `new Date()`, `import()`. Locals appear too, and match no rule. */
  readonly name: string;
  readonly line: number;
}

export interface ConstructFact {
  readonly construct: Construct;
  readonly line: number;
}

export interface SourceFacts {
  /** Relative to the source root, with forward slashes. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly ImportFact[];
  readonly functions: readonly FunctionFact[];
  readonly uses: readonly UseFact[];
  readonly constructs: readonly ConstructFact[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Type nodes that wrap an expression; in all others whatever is inside is erased. */
const VALUE_WRAPPERS: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'TSParameterProperty',
  'TSModuleDeclaration',
  'TSModuleBlock',
  'TSEnumDeclaration',
  'TSEnumBody',
  'TSEnumMember',
  'TSExportAssignment',
]);

const CONSTRUCTS: Readonly<Record<string, Construct>> = {
  TSAnyKeyword: 'any',
  TSEnumDeclaration: 'enum',
  TSModuleDeclaration: 'namespace',
  ExportDefaultDeclaration: 'default-export',
  TSExportAssignment: 'default-export',
  TSParameterProperty: 'parameter-property',
};

const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);

/** Throws when the text does not parse: a file that cannot be read cannot be vouched for. */
export function readSourceFacts(path: string, text: string): SourceFacts {
  const { program, comments, errors } = parseSync(path, text);
  const problem = errors[0];
  if (problem !== undefined) throw new Error(`${path} does not parse: ${problem.message}`);
  const reader = new FactReader(text);
  reader.visit(program as unknown as Node, undefined, false);
  for (const comment of comments) reader.comment(comment.value, comment.start);
  return {
    path,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: reader.imports,
    functions: reader.functions,
    uses: reader.uses,
    constructs: reader.constructs,
  };
}

class FactReader {
  readonly imports: ImportFact[] = [];
  readonly functions: FunctionFact[] = [];
  readonly uses: UseFact[] = [];
  readonly constructs: ConstructFact[] = [];
  readonly #lineStarts: readonly number[];

  constructor(text: string) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  visit(node: Node, parent: Node | undefined, isErased: boolean): void {
    const construct = CONSTRUCTS[node.type];
    if (construct !== undefined) this.constructs.push({ construct, line: this.#lineOf(node.start) });
    this.#readImport(node);
    if (FUNCTIONS.has(node.type)) this.#readFunction(node, parent);
    const erased = isErased || (node.type.startsWith('TS') && !VALUE_WRAPPERS.has(node.type));
    if (!erased) this.#readUse(node, parent);
    for (const child of childrenOf(node)) this.visit(child, node, erased);
  }

  comment(value: string, start: number): void {
    const line = this.#lineOf(start);
    if (/@ts-(ignore|nocheck|expect-error)\b/.test(value)) this.constructs.push({ construct: 'suppression', line });
    if (/\b(TODO|FIXME|XXX|HACK)\b/.test(value)) this.constructs.push({ construct: 'to-do', line });
  }

  #readImport(node: Node): void {
    const line = this.#lineOf(node.start);
    const source = node['source'] as Node | null | undefined;
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
        this.#readDefaultName(node);
        if (source) this.imports.push({ specifier: literal(source), names: importedNames(node), line });
        break;
      case 'ExportAllDeclaration':
        this.imports.push({ specifier: literal(source), names: ['*'], line });
        this.constructs.push({ construct: 'export-star-from-public-index', line });
        break;
      case 'ImportExpression':
        this.imports.push({ specifier: literal(source), names: ['*'], line });
        this.uses.push({ name: 'import()', line });
        break;
      case 'TSImportType':
        this.imports.push({ specifier: literal(source), names: ['*'], line });
        break;
      default:
    }
  }

  /** `export { x as default }` is a default export as well. */
  #readDefaultName(node: Node): void {
    if (node.type !== 'ExportNamedDeclaration') return;
    const isDefault = (specifier: Node): boolean => nameOf(specifier['exported'] as Node) === 'default';
    if ((node['specifiers'] as Node[]).some(isDefault)) {
      this.constructs.push({ construct: 'default-export', line: this.#lineOf(node.start) });
    }
  }

  #readFunction(node: Node, parent: Node | undefined): void {
    const holder = parent?.['key'] ?? parent?.['id'] ?? node['id'];
    const name = holder === null || holder === undefined ? 'anonymous function' : nameOf(holder as Node);
    const line = this.#lineOf(node.start);
    this.functions.push({ name, line, lines: this.#lineOf(node.end - 1) - line + 1 });
  }

  #readUse(node: Node, parent: Node | undefined): void {
    const line = this.#lineOf(node.start);
    if (node.type === 'MemberExpression' && !isInsideLongerPath(node, parent)) {
      const path = dottedPath(node);
      if (path !== undefined) this.uses.push({ name: path, line });
    } else if (node.type === 'Identifier' && isReference(node, parent)) {
      this.uses.push({ name: nameOf(node), line });
    } else if (node.type === 'NewExpression' || node.type === 'CallExpression') {
      const callee = dottedPath(node['callee'] as Node);
      const isBare = (node['arguments'] as Node[]).length === 0;
      if (callee === 'Date' && node.type === 'CallExpression') this.uses.push({ name: 'Date()', line });
      if (callee === 'Date' && node.type === 'NewExpression' && isBare) this.uses.push({ name: 'new Date()', line });
    } else if (node.type === 'VariableDeclarator') {
      this.#readDestructuring(node, line);
    }
  }

  /** `const { now } = Date` uses `Date.now`. */
  #readDestructuring(node: Node, line: number): void {
    const pattern = node['id'] as Node;
    const source = node['init'] ? dottedPath(node['init'] as Node) : undefined;
    if (pattern.type !== 'ObjectPattern' || source === undefined) return;
    const prefix = source === 'globalThis' ? '' : `${source}.`;
    for (const property of pattern['properties'] as Node[]) {
      if (property.type === 'Property') this.uses.push({ name: `${prefix}${nameOf(property['key'] as Node)}`, line });
    }
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }
}

function* childrenOf(node: Node): Generator<Node> {
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === 'object' && item !== null && typeof (item as Node).type === 'string') yield item as Node;
    }
  }
}

function literal(node: Node | null | undefined): string | undefined {
  return node?.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined;
}

function nameOf(node: Node): string {
  if (node.type === 'PrivateIdentifier') return `#${String(node['name'])}`;
  return node.type === 'Identifier' ? String(node['name']) : (literal(node) ?? `[${node.type}]`);
}

function importedNames(node: Node): readonly string[] {
  const specifiers = node['specifiers'] as Node[];
  if (specifiers.length === 0) return ['*'];
  return specifiers.map((specifier) => {
    if (specifier.type === 'ImportSpecifier') return nameOf(specifier['imported'] as Node);
    if (specifier.type === 'ExportSpecifier') return nameOf(specifier['local'] as Node);
    // A default or namespace import of a built-in reaches every export.
    return '*';
  });
}

/** `process.hrtime.bigint` of nested members; a leading `globalThis` is dropped. `undefined` when computed or not a path. */
function dottedPath(node: Node): string | undefined {
  if (node.type === 'Identifier') return nameOf(node);
  if (node.type === 'TSNonNullExpression' || node.type === 'ChainExpression') {
    return dottedPath(node['expression'] as Node);
  }
  if (node.type !== 'MemberExpression') return undefined;
  const object = dottedPath(node['object'] as Node);
  const property = node['property'] as Node;
  const name = node['computed'] === true ? literal(property) : nameOf(property);
  if (object === undefined || name === undefined) return undefined;
  return object === 'globalThis' ? name : `${object}.${name}`;
}

function isInsideLongerPath(node: Node, parent: Node | undefined): boolean {
  return parent?.type === 'MemberExpression' && parent['object'] === node && dottedPath(parent) !== undefined;
}

/** Whether an identifier stands for a value here, rather than naming a property, a binding or a label. */
function isReference(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return false;
  switch (parent.type) {
    case 'MemberExpression':
      return parent['object'] === node ? dottedPath(parent) === undefined : parent['computed'] === true;
    case 'Property':
    case 'PropertyDefinition':
    case 'MethodDefinition':
    case 'AccessorProperty':
      return parent['value'] === node || parent['computed'] === true;
    case 'VariableDeclarator':
      return parent['init'] === node;
    case 'AssignmentPattern':
      return parent['right'] === node;
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ClassDeclaration':
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
    case 'ExportSpecifier':
    case 'LabeledStatement':
    case 'TSEnumMember':
    case 'TSEnumDeclaration':
    case 'TSModuleDeclaration':
      return parent['superClass'] === node || parent['initializer'] === node;
    case 'ArrowFunctionExpression':
      return parent['body'] === node;
    default:
      return true;
  }
}
