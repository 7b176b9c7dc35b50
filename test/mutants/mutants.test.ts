/** Deliberate bugs (`npm run test:mutants`) name lines of the sources. Here they are only looked up: who changes a line changes its bug. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ALL_MUTANTS } from '../../scripts/mutants/all-mutants.ts';
import { findMisfits, type Mutant } from '../../scripts/mutants/mutant.ts';

const REPOSITORY = new URL('../../', import.meta.url);

function read(path: string): string | undefined {
  const full = fileURLToPath(new URL(path, REPOSITORY));
  if (!existsSync(full)) return undefined;
  return statSync(full).isDirectory() ? '' : readFileSync(full, 'utf8');
}

const MUTANT: Mutant = { id: 'X', bug: 'a bug', file: 'a.ts', from: 'one', to: 'two', tests: ['a.test.ts'] };

describe('deliberate bugs', () => {
  it('can all be put where they belong', () => {
    const misfits = findMisfits(ALL_MUTANTS, read);

    expect(misfits, 'change the mutants of scripts/mutants with the code').toEqual([]);
    expect(ALL_MUTANTS.length).toBeGreaterThan(40);
  });

  it.each<[string, Partial<Mutant>, string, string]>([
    ['a line that is gone', {}, 'three', 'X (a bug) fits a.ts no more: its text must stand there once'],
    ['a line that is there twice', {}, 'one one', 'X (a bug) fits a.ts 2 times: its text must stand there once'],
    ['no change', { to: 'one' }, 'one', 'X changes nothing'],
    ['no tests', { tests: [] }, 'one', 'X names no tests'],
    ['tests that are gone', { tests: ['b.test.ts'] }, 'one', 'X: there are no tests at b.test.ts'],
  ])('with %s are named', (_case, change, source, misfit) => {
    const files = new Map([
      ['a.ts', source],
      ['a.test.ts', ''],
    ]);

    const misfits = findMisfits([{ ...MUTANT, ...change }], (path) => files.get(path));

    expect(misfits).toEqual([misfit]);
  });

  it('with the id of another are named', () => {
    const misfits = findMisfits([MUTANT, MUTANT], (path) => (path === 'a.ts' ? 'one' : ''));

    expect(misfits).toEqual(['X is the id of two mutants']);
  });
});
