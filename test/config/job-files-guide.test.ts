import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RANDOM_FUNCTIONS, STANDARD_FUNCTIONS } from '../../src/config/expression/functions.ts';

describe('the guide to job files', () => {
  it('names every function that expressions have', () => {
    const guide = readFileSync(new URL('../../docs/job-files.md', import.meta.url), 'utf8');

    const missing = [...STANDARD_FUNCTIONS.keys(), ...RANDOM_FUNCTIONS.keys()].filter((name) => !guide.includes(name));

    expect(missing).toEqual([]);
  });
});
