/**
 * The architecture guard: reads every file under `src` with a real parser and fails on whatever breaks the tables in
 * `architecture/rules.ts`. The checker itself is tested in `architecture/check.test.ts`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkArchitecture } from './architecture/check.ts';
import { PACKAGES } from './architecture/rules.ts';
import { readSourceFacts } from './architecture/source-facts.ts';

const SOURCE_ROOT: string = fileURLToPath(new URL('../src', import.meta.url));

describe('the architecture', () => {
  test('src keeps to the layer table, the homes, the bans and the lengths', () => {
    const paths = readdirSync(SOURCE_ROOT, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(SOURCE_ROOT.length + 1)
          .replaceAll(sep, '/'),
      );

    const files = paths.sort().map((path) => readSourceFacts(path, readFileSync(join(SOURCE_ROOT, path), 'utf8')));

    expect(files.length).toBeGreaterThan(20);
    expect(checkArchitecture(files)).toEqual([]);
  });

  test('every package is pinned, and every run-time package has a home and a reason', () => {
    const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
    const manifest: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(read('../package.json'));
    const reasons = read('../docs/dependencies.md');
    const runtime = manifest['dependencies']!;
    const all = Object.entries({ ...runtime, ...manifest['devDependencies']! });

    const loose = all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    const homeless = Object.keys(runtime).filter((name) => !PACKAGES.some((row) => row.name === name));
    const unexplained = all.map(([name]) => name).filter((name) => !reasons.includes(`| \`${name}\` |`));

    expect(loose, 'exact versions only').toEqual([]);
    expect(homeless, 'give each a row in test/architecture/rules.ts').toEqual([]);
    expect(unexplained, 'give each a row in docs/dependencies.md').toEqual([]);
  });
});
