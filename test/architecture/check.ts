/**
 * Applies `rules.ts` to the facts of all source files and returns what breaks them, one sentence each. Pure: files are
 * read by `architecture.test.ts`.
 */
import { posix } from 'node:path';
import {
  BANS,
  BUILTINS,
  FILE_LINES_MAX,
  FILE_NAME,
  FOLDER_NAME,
  FUNCTION_LINES_MAX,
  GLOBALS,
  type Home,
  LAYERS,
  PACKAGES,
  ROOTS,
} from './rules.ts';
import type { ImportFact, SourceFacts } from './source-facts.ts';

/** `src/plan/compile.ts:12: what is wrong; use what instead`. */
export type Violation = string;

export function checkArchitecture(files: readonly SourceFacts[]): readonly Violation[] {
  return [...files.flatMap(checkFile), ...checkCycles(files)];
}

function checkFile(file: SourceFacts): readonly Violation[] {
  return [
    ...checkPath(file),
    ...checkLengths(file),
    ...file.imports.flatMap((fact) => checkImport(file, fact)),
    ...checkGlobals(file),
    ...checkConstructs(file),
  ];
}

function checkPath({ path }: SourceFacts): readonly Violation[] {
  const segments = path.split('/');
  const file = segments.pop()!;
  const violations: Violation[] = [];
  if (!FILE_NAME.test(file)) {
    violations.push(
      `src/${path}: the file name is not kebab-case; use lower-case words joined by hyphens, ending in .ts`,
    );
  }
  for (const folder of segments.filter((segment) => !FOLDER_NAME.test(segment))) {
    violations.push(
      `src/${path}: the folder name "${folder}" is not kebab-case; use lower-case words joined by hyphens`,
    );
  }
  if (!LAYERS.some((layer) => layer.units.includes(unitOf(path)))) {
    violations.push(
      `src/${path}: "${unitOf(path)}" is in no layer; use a folder of the layer table in test/architecture/rules.ts`,
    );
  }
  return violations;
}

function checkLengths(file: SourceFacts): readonly Violation[] {
  const violations: Violation[] = [];
  if (file.lines > FILE_LINES_MAX) {
    violations.push(
      `src/${file.path}: ${file.lines} lines, at most ${FILE_LINES_MAX} are allowed; use one file per concept`,
    );
  }
  for (const { name, line, lines } of file.functions) {
    if (lines <= FUNCTION_LINES_MAX) continue;
    violations.push(
      `src/${file.path}:${line}: ${name} has ${lines} lines, at most ${FUNCTION_LINES_MAX} are allowed; ` +
        'use pure leaves, and keep the branching in the parent',
    );
  }
  return violations;
}

function checkImport(file: SourceFacts, fact: ImportFact): readonly Violation[] {
  const { specifier, line } = fact;
  if (specifier === undefined) return [];
  if (specifier.startsWith('.')) return checkEdge(file, specifier, line);
  if (specifier.startsWith('node:')) return checkBuiltin(file, specifier, fact);
  const name = packageOf(specifier);
  const row = PACKAGES.find((candidate) => candidate.name === name);
  if (row !== undefined) return isAtHome(file.path, row) ? [] : [notAtHome(file, `imports ${name}`, row, line)];
  return [
    `src/${file.path}:${line}: imports ${specifier}, which has no home; use what is there, or give the package a row ` +
      'in test/architecture/rules.ts and a reason in docs/dependencies.md (built-ins are written node:...)',
  ];
}

function checkEdge(file: SourceFacts, specifier: string, line: number): readonly Violation[] {
  const target = posix.normalize(posix.join(posix.dirname(file.path), specifier));
  if (target.startsWith('../')) {
    return specifier.endsWith('package.json')
      ? []
      : [`src/${file.path}:${line}: imports ${specifier}, outside src; use something inside src`];
  }
  const [from, to] = [unitOf(file.path), unitOf(target)];
  const layer = LAYERS.find((candidate) => candidate.units.includes(from));
  if (from === to || layer === undefined || layer.mayImport.includes(to)) return [];
  return [
    `src/${file.path}:${line}: ${from} (layer ${layer.number}) imports ${to} (layer ${layerNumber(to)}), ` +
      `which the layer table forbids; ${layer.use}`,
  ];
}

function checkBuiltin(file: SourceFacts, specifier: string, { names, line }: ImportFact): readonly Violation[] {
  const row = BUILTINS.find((candidate) => candidate.name === specifier);
  if (row === undefined || isAtHome(file.path, row)) return [];
  const restricted = row.exports;
  if (restricted === undefined) return [notAtHome(file, `imports ${specifier}`, row, line)];
  return names
    .filter((name) => name === '*' || restricted.includes(name))
    .map((name) => notAtHome(file, `imports ${name} of ${specifier}`, row, line));
}

function checkGlobals(file: SourceFacts): readonly Violation[] {
  return file.uses.flatMap(({ name, line }) => {
    const row = GLOBALS.find((candidate) => name === candidate.name || name.startsWith(`${candidate.name}.`));
    return row === undefined || isAtHome(file.path, row) ? [] : [notAtHome(file, `uses ${name}`, row, line)];
  });
}

function checkConstructs(file: SourceFacts): readonly Violation[] {
  const relative = file.imports.filter(
    ({ specifier }) => specifier?.startsWith('.') && !/\.(ts|json)$/.test(specifier),
  );
  const found = [
    ...file.constructs.filter(
      ({ construct }) => construct !== 'export-star-from-public-index' || isPublicIndex(file.path),
    ),
    ...relative.map(({ line }) => ({ construct: 'import-without-extension' as const, line })),
  ];
  return found.flatMap(({ construct, line }) => {
    const ban = BANS.find((candidate) => candidate.construct === construct)!;
    if (ban.exceptions?.includes(file.path) === true) return [];
    return [`src/${file.path}:${line}: ${construct} is banned; use ${ban.use}`];
  });
}

/** Folders that import each other in a circle, found by depth-first search over the unit graph. */
function checkCycles(files: readonly SourceFacts[]): readonly Violation[] {
  const graph = new Map<string, Set<string>>();
  for (const file of files) {
    const targets = graph.get(unitOf(file.path)) ?? new Set();
    graph.set(unitOf(file.path), targets);
    for (const { specifier } of file.imports) {
      if (!specifier?.startsWith('.')) continue;
      const target = unitOf(posix.normalize(posix.join(posix.dirname(file.path), specifier)));
      if (target !== unitOf(file.path)) targets.add(target);
    }
  }
  const violations: Violation[] = [];
  const finished = new Set<string>();
  const walk = (unit: string, trail: readonly string[]): void => {
    if (trail.includes(unit)) {
      const circle = [...trail.slice(trail.indexOf(unit)), unit].join(' -> ');
      violations.push(
        `src: import cycle ${circle}; use a port in \`model\` and let a composition root pass the part in`,
      );
      return;
    }
    if (finished.has(unit)) return;
    for (const target of graph.get(unit) ?? []) walk(target, [...trail, unit]);
    finished.add(unit);
  };
  for (const unit of graph.keys()) walk(unit, []);
  return violations;
}

function notAtHome(file: SourceFacts, what: string, row: Home, line: number): Violation {
  const where = row.homes.length === 0 ? 'banned everywhere' : `allowed only in ${row.homes.join(', ')}`;
  return `src/${file.path}:${line}: ${what}, ${where}; use ${row.use}`;
}

function isAtHome(path: string, row: Home): boolean {
  return row.homes.includes(path) || row.homes.includes(unitOf(path));
}

function isPublicIndex(path: string): boolean {
  return path === 'index.ts' || path === 'testing/index.ts';
}

function unitOf(path: string): string {
  const [first, ...rest] = path.split('/');
  return rest.length > 0 || first === 'index.ts' ? first! : ROOTS;
}

function layerNumber(unit: string): number | 'unknown' {
  return LAYERS.find((layer) => layer.units.includes(unit))?.number ?? 'unknown';
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
