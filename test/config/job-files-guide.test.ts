import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RANDOM_FUNCTIONS, STANDARD_FUNCTIONS } from '../../src/config/expression/functions.ts';
import { CHOICE_TABLE, OPTION_TABLE } from '../../src/execution/option-table.ts';

const guide = readFileSync(new URL('../../docs/job-files.md', import.meta.url), 'utf8');

describe('the guide to job files', () => {
  it('names every option that decides how a job runs, and every choice', () => {
    const options = Object.keys({ ...CHOICE_TABLE, ...OPTION_TABLE }).filter((path) =>
      /^(mode|batch|adaptive)/.test(path),
    );
    const choices = Object.values(CHOICE_TABLE).flatMap((row) => row.choices);

    const missing = [...options, ...choices].filter((name) => !guide.includes(`\`${name}\``));

    expect(missing).toEqual([]);
  });

  it('names every function that expressions have', () => {
    const missing = [...STANDARD_FUNCTIONS.keys(), ...RANDOM_FUNCTIONS.keys()].filter((name) => !guide.includes(name));

    expect(missing).toEqual([]);
  });
});
