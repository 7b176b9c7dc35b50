/**
 * Deliberate bugs in the protocol that the suite must catch: a test that no bug can fail proves nothing. A copy of the repository
 * is made, the chosen tests must pass there as it is, then each bug (`mutants/`) is put into the copy by itself and its tests must
 * fail. Ends with code 1 when one survives.
 *
 *   npm run test:mutants -- [--check] [ID ...]
 *
 * Without ids all are run. --check only looks whether each can still be put where it belongs.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ALL_MUTANTS } from './mutants/all-mutants.ts';
import { findMisfits, type Mutant } from './mutants/mutant.ts';
import { runTests, type TestRun } from './mutants/run-tests.ts';

const REPOSITORY: string = fileURLToPath(new URL('..', import.meta.url));
const COPIED = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

function readFrom(directory: string, path: string): string | undefined {
  const full = join(directory, path);
  if (!existsSync(full)) return undefined;
  return statSync(full).isDirectory() ? '' : readFileSync(full, 'utf8');
}

function choose(ids: readonly string[]): readonly Mutant[] {
  const unknown = ids.filter((id) => !ALL_MUTANTS.some((mutant) => mutant.id === id));
  if (unknown.length > 0) throw new Error(`there is no mutant ${unknown.join(', ')}`);
  return ids.length === 0 ? ALL_MUTANTS : ALL_MUTANTS.filter(({ id }) => ids.includes(id));
}

function describe(run: TestRun): string {
  switch (run.kind) {
    case 'passed':
      return `SURVIVED ${run.tests} tests`;
    case 'failed':
      return `killed by ${run.by}\n         ${run.message}`;
    case 'hung':
      return 'killed: its tests did not end';
    case 'broken':
      return `BROKEN: it breaks the program before any test of it: ${run.message}`;
  }
}

function timed<T>(body: () => T): { readonly result: T; readonly seconds: string } {
  const beganAt = performance.now();
  const result = body();
  return { result, seconds: ((performance.now() - beganAt) / 1000).toFixed(1) };
}

function runMutant(copy: string, mutant: Mutant): boolean {
  const path = join(copy, mutant.file);
  const source = readFileSync(path, 'utf8');
  const mutated = source.replace(mutant.from, () => mutant.to);
  writeFileSync(path, mutated);
  const { result, seconds } = timed(() => runTests(copy, mutant.tests));
  writeFileSync(path, source);
  console.log(`${mutant.id}: ${mutant.bug}\n  ${seconds} s ${describe(result)}`);
  return result.kind === 'failed' || result.kind === 'hung';
}

/** The number of those that were not killed. */
function runAll(mutants: readonly Mutant[], copy: string): number {
  for (const part of COPIED) cpSync(join(REPOSITORY, part), join(copy, part), { recursive: true });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'), 'dir');
  const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))];
  const { result: baseline, seconds } = timed(() => runTests(copy, tests));
  if (baseline.kind !== 'passed') {
    const why = baseline.kind === 'failed' ? `${baseline.by}: ${baseline.message}` : JSON.stringify(baseline);
    throw new Error(`the tests do not pass as the program is, so they prove nothing about bugs: ${why}`);
  }
  console.log(`without a bug: ${baseline.tests} tests passed in ${seconds} s`);
  const survivors = mutants.filter((mutant) => !runMutant(copy, mutant)).map(({ id }) => id);
  console.log(
    `${mutants.length - survivors.length} killed, ${survivors.length} not: ${survivors.join(', ') || 'none'}`,
  );
  return survivors.length;
}

function main(): void {
  const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
  const misfits = findMisfits(ALL_MUTANTS, (path) => readFrom(REPOSITORY, path));
  for (const misfit of misfits) console.error(misfit);
  process.exitCode = misfits.length === 0 ? 0 : 1;
  if (misfits.length > 0 || values.check === true) return;
  const mutants = choose(positionals);
  const copy = mkdtempSync(join(tmpdir(), 'millrace-mutant-'));
  try {
    if (runAll(mutants, copy) > 0) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

try {
  main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
