/** A guard that cannot fail is no guard: every row of every table is broken once here, and kept once. */
import { describe, expect, test } from 'vitest';
import { checkArchitecture } from './check.ts';
import { BANS, BUILTINS, type Construct, GLOBALS, type Home, LAYERS, PACKAGES, ROOTS } from './rules.ts';
import { readSourceFacts } from './source-facts.ts';

const check = (path: string, text: string): readonly string[] => checkArchitecture([readSourceFacts(path, text)]);

const UNITS: readonly string[] = LAYERS.flatMap((layer) => layer.units);
const fileOf = (unit: string): string => {
  if (unit === ROOTS) return 'some-root.ts';
  return unit.endsWith('.ts') ? unit : `${unit}/some-file.ts`;
};
const importOf = (from: string, to: string): string =>
  `import { x } from '${fileOf(from).includes('/') ? '../' : './'}${fileOf(to)}';\n`;
const homeFileOf = (home: string): string => (home.endsWith('.ts') ? home : fileOf(home));
const strangerTo = (row: Home): string =>
  fileOf(UNITS.find((unit) => !row.homes.some((home) => home === unit || home.startsWith(`${unit}/`)))!);

describe('the layer table', () => {
  const edges = UNITS.flatMap((from) => UNITS.filter((to) => to !== from).map((to) => ({ from, to })));
  const isAllowed = (from: string, to: string): boolean =>
    LAYERS.some((layer) => layer.units.includes(from) && layer.mayImport.includes(to));

  test('refuses every edge it does not name, with the layers and what to do instead', () => {
    const forbidden = edges.filter(({ from, to }) => !isAllowed(from, to));

    expect(forbidden.length).toBeGreaterThan(100);
    for (const { from, to } of forbidden) {
      const violations = check(fileOf(from), importOf(from, to));
      expect(violations, `${from} -> ${to}`).toHaveLength(1);
      expect(violations[0]).toContain(`${fileOf(from)}:1: ${from} (layer`);
      expect(violations[0]).toContain(`imports ${to} `);
      expect(violations[0]).toMatch(/; .{20}/);
    }
  });

  test('allows every edge it names', () => {
    const allowed = edges.filter(({ from, to }) => isAllowed(from, to));

    expect(allowed.length).toBeGreaterThan(50);
    for (const { from, to } of allowed) {
      expect(check(fileOf(from), importOf(from, to)), `${from} -> ${to}`).toEqual([]);
    }
  });

  test('places every unit in exactly one layer and never lets a layer look up', () => {
    expect(new Set(UNITS).size).toBe(UNITS.length);

    for (const layer of LAYERS) {
      for (const unit of layer.mayImport) {
        const below = LAYERS.find((candidate) => candidate.units.includes(unit));
        expect(below?.number, `${layer.units.join()} -> ${unit}`).toBeLessThanOrEqual(layer.number);
      }
    }
  });

  test('sees an edge in a type import, a re-export, an import type and a dynamic import', () => {
    const forms = [
      "import type { X } from '../storage/index.ts';",
      "export { x } from '../storage/index.ts';",
      "export * from '../storage/index.ts';",
      "type X = import('../storage/index.ts').X;",
      "import '../storage/index.ts';",
    ];

    for (const form of forms) expect(check('operators/map.ts', form), form).toHaveLength(1);
  });

  test('refuses a folder that no layer names, and an import from outside src', () => {
    expect(check('helpers/strings.ts', '')[0]).toContain('"helpers" is in no layer');
    expect(check('model/ids.ts', "import { x } from '../../test/x.ts';")[0]).toContain('outside src');
  });

  test('refuses folders that import each other in a circle, and names the circle', () => {
    const files = [
      readSourceFacts('plan/a.ts', "import { x } from '../operators/b.ts';"),
      readSourceFacts('operators/b.ts', "import { x } from '../connectors/c.ts';"),
      readSourceFacts('connectors/c.ts', "import { x } from '../plan/a.ts';"),
    ];

    const circles = checkArchitecture(files).filter((violation) => violation.includes('cycle'));

    expect(circles).toHaveLength(1);
    expect(circles[0]).toContain('plan -> operators -> connectors -> plan');
  });
});

describe('the homes of modules', () => {
  const modules = [...PACKAGES, ...BUILTINS];
  const snippetOf = (row: Home): string => `import { ${row.exports?.[0] ?? 'x'} } from '${row.name}';`;

  test.each(modules)('allows $name at home, refuses it elsewhere and says what to use', (row) => {
    const violations = check(strangerTo(row), snippetOf(row));

    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(row.name);
    expect(violations[0]).toContain(`; use ${row.use}`);
    for (const home of row.homes) expect(check(homeFileOf(home), snippetOf(row)), home).toEqual([]);
  });

  test('refuses a package without a row, a bare built-in and a sub-path of a package away from home', () => {
    expect(check('plan/a.ts', "import x from 'left-pad';")[0]).toContain('left-pad, which has no home');
    expect(check('plan/a.ts', "import x from 'fs';")[0]).toContain('fs, which has no home');
    expect(check('plan/a.ts', "import x from 'lmdb/dist/index.js';")[0]).toContain('imports lmdb');
    expect(check('plan/a.ts', "import x from '@marcbachmann/cel-js/evaluator';")[0]).toContain('@marcbachmann/cel-js');
  });

  test('restricts single exports of a built-in: hashing is free, randomness is not', () => {
    expect(check('plan/a.ts', "import { createHash } from 'node:crypto';")).toEqual([]);
    expect(check('plan/a.ts', "import { createHash, randomUUID } from 'node:crypto';")).toHaveLength(1);
    expect(check('plan/a.ts', "import * as crypto from 'node:crypto';")).toHaveLength(1);
  });
});

describe('the homes of globals', () => {
  const snippetOf = ({ name }: Home): string =>
    `export const x: unknown = ${name === 'import()' ? 'import(specifier)' : name};`;

  test.each(GLOBALS)('allows $name at home, refuses it elsewhere and says what to use', (row) => {
    const violations = check(strangerTo(row), snippetOf(row));

    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(`uses ${row.name}`);
    expect(violations[0]).toContain(`; use ${row.use}`);
    for (const home of row.homes) expect(check(homeFileOf(home), snippetOf(row)), home).toEqual([]);
  });

  test.each([
    'const now = Date.now();',
    'const now = Date["now"]();',
    'const { now } = Date;',
    'const now = globalThis.Date.now();',
    'const now = [1].map(Date.now);',
    'const now = +new Date();',
    'const now = Date();',
    'const t = performance.now();',
    'const t = process.hrtime.bigint();',
    'setTimeout(() => {}, 5);',
    'globalThis.setTimeout(() => {}, 5);',
    'const { setTimeout: later } = globalThis;',
    'const view = Atomics.load(x, 0);',
    'const buffer = new SharedArrayBuffer(8);',
    'const ok = x instanceof SharedArrayBuffer;',
    'const f = new Function("return 1");',
    'class A { #t = Math.random(); }',
    'const home = process.env["HOME"];',
    'const home = process.env.HOME!;',
    'function f(a = Math.random()) { return a; }',
    'const g = () => Math.random();',
    'label: for (;;) { Math.random(); break label; }',
  ])('sees through: %s', (text) => {
    expect(check('plan/a.ts', text)).toHaveLength(1);
  });

  test.each([
    'export function f(buffer: SharedArrayBuffer, t: typeof setTimeout): void { void buffer; void t; }',
    'const at = new Date(clock.now());',
    'const x = this.Atomics.wait();',
    'const x = { setTimeout: 1, performance: 2 };',
    'class A { setTimeout(): void {} get performance(): number { return 1; } }',
    'const x = clock.performance;',
    'interface Clock { setTimeout(f: () => void): void }',
    'const text = "Date.now() and Atomics and TODO";',
    '// Date.now() is banned, and so is Atomics.wait.',
    'const year = Date.parse("2001-01-01") + Math.max(1, 2);',
    'setTimeoutOf(1); const executable: Function = f;',
  ])('does not cry wolf over: %s', (text) => {
    expect(check('plan/a.ts', text)).toEqual([]);
  });
});

describe('the bans', () => {
  const SNIPPETS: { readonly [K in Construct]: readonly string[] } = {
    any: ['export let x: any;', 'export function f(x: Array<any>): void {}', 'const x = y as any;'],
    enum: ['enum E { A }', 'const enum E { A }'],
    namespace: ['namespace N { export const x = 1; }', 'declare global { interface X {} }'],
    'default-export': ['export default 1;', 'const x = 1; export { x as default };', 'export = 1;'],
    'parameter-property': ['class A { constructor(private x: number) {} }'],
    suppression: ['// @ts-ignore\nx;', '// @ts-expect-error because\nx;', '// @ts-nocheck'],
    'to-do': ['// TODO: later', '/* FIXME */', '/** XXX */'],
    'export-star-from-public-index': ["export * from './model/index.ts';"],
    'import-without-extension': ["import { x } from './model/a.js';", "import { x } from './model/a';"],
  };

  test.each(BANS.flatMap((ban) => SNIPPETS[ban.construct].map((text) => ({ ban, text }))))(
    'refuses $ban.construct: $text',
    ({ ban, text }) => {
      const violations = check('index.ts', text);

      expect(violations).toHaveLength(1);
      expect(violations[0]).toContain(`${ban.construct} is banned; use ${ban.use}`);
    },
  );

  test('are lifted in the files that state a reason, and in no other of that folder', () => {
    for (const { construct, exceptions = [] } of BANS) {
      for (const file of exceptions) {
        for (const text of SNIPPETS[construct]) {
          expect(check(file, text), file).toEqual([]);
          expect(check(file.replace(/\.ts$/, '-too.ts'), text), file).toHaveLength(1);
        }
      }
    }
  });

  test('has a row for every construct, and lets inner index files re-export everything', () => {
    expect(BANS.map((ban) => ban.construct).sort()).toEqual(Object.keys(SNIPPETS).sort());
    expect(check('model/index.ts', "export * from './ids.ts';")).toEqual([]);
  });
});

describe('lengths and names', () => {
  const lines = (count: number, line: string): string => `${line}\n`.repeat(count);

  test('allows 400 lines and refuses 401', () => {
    expect(check('plan/a.ts', lines(400, '//'))).toEqual([]);
    expect(check('plan/a.ts', lines(401, '//'))[0]).toContain('401 lines, at most 400');
  });

  test.each([
    ['function', (body: string) => `function long() {\n${body}}`],
    ['method', (body: string) => `class A {\n long() {\n${body}}}`],
    ['private method', (body: string) => `class A {\n #long() {\n${body}}}`],
    ['arrow', (body: string) => `const long = () => {\n${body}};`],
    ['getter', (body: string) => `const x = { get long() {\n${body}return 1; } };`],
  ])('allows a %s of 70 lines and refuses one of 71', (_, shape) => {
    expect(check('plan/a.ts', shape(lines(68, '  f();')))).toEqual([]);

    const violations = check('plan/a.ts', shape(lines(69, '  f();')));

    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(/:\d: #?long has 71 lines, at most 70/);
  });

  test.each(['plan/Compile.ts', 'plan/logical_plan.ts', 'plan/logicalPlan.ts', 'plan/plan.js', 'plan/Sub/a.ts'])(
    'refuses the name %s',
    (path) => {
      expect(check(path, '')[0]).toContain('is not kebab-case');
    },
  );

  test('refuses to vouch for a file that does not parse', () => {
    expect(() => readSourceFacts('plan/a.ts', 'const = ;')).toThrow('plan/a.ts does not parse');
  });
});
