import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AGGREGATE_NAMES } from '../../src/config/expression/aggregate-expression.ts';
import { RANDOM_FUNCTIONS, STANDARD_FUNCTIONS } from '../../src/config/expression/functions.ts';
import { jobFileSchema } from '../../src/config/job-schema.ts';
import { CHOICE_TABLE, OPTION_TABLE } from '../../src/execution/option-table.ts';

const guide = readFileSync(new URL('../../docs/job-files.md', import.meta.url), 'utf8');

describe('the guide to job files', () => {
  it('names every option that decides how a job runs, and every choice', () => {
    const options = Object.keys({ ...CHOICE_TABLE, ...OPTION_TABLE }).filter((path) =>
      /^(mode|batch|adaptive|watermark)/.test(path),
    );
    const choices = Object.values(CHOICE_TABLE).flatMap((row) => row.choices);

    const missing = [...options, ...choices].filter((name) => !guide.includes(`\`${name}\``));

    expect(missing).toEqual([]);
  });

  it('names every function that expressions have', () => {
    const missing = [...STANDARD_FUNCTIONS.keys(), ...RANDOM_FUNCTIONS.keys()].filter((name) => !guide.includes(name));

    expect(missing).toEqual([]);
  });

  it('names every aggregate, every type of transform and every source', () => {
    const { transforms, sources } = jobFileSchema.shape as unknown as Readonly<Record<string, z.ZodType>>;

    const named = [
      ...AGGREGATE_NAMES.map((name) => `\`${name}(`),
      ...[...typesOf(transforms!), ...typesOf(sources!)].map((type) => `\`${type}\``),
    ];

    expect(named.length).toBeGreaterThan(25);
    expect(named.filter((name) => !guide.includes(name))).toEqual([]);
  });
});

/** The values of `type` in a record of variants. */
function typesOf(section: z.core.$ZodType): readonly string[] {
  const record = section instanceof z.ZodOptional ? section.unwrap() : section;
  const { options } = (record as z.ZodRecord).valueType as z.ZodDiscriminatedUnion;
  return options.map((option) => String(((option as z.ZodObject).shape['type'] as z.ZodLiteral).value));
}
