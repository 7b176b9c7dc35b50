/** The index of the design notes, and links between documents, are what they say. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const notes: readonly string[] = readdirSync(new URL('docs/design/', ROOT))
  .filter((name) => /^\d{4}-.*\.md$/.test(name))
  .sort();

describe('design notes', () => {
  it('are all in the index, in order, under their own titles', () => {
    const expected = notes.map((name) => {
      const [, number, title] = /^# (\d{4})\. (.+)\n/.exec(read(`docs/design/${name}`)) ?? [];
      return `| [${number}](${name}) | ${title} |`;
    });

    const rows = read('docs/design/README.md')
      .split('\n')
      .filter((line) => line.startsWith('| ['));

    expect(rows).toEqual(expected);
  });

  it('are numbered without a gap and without a number used twice', () => {
    expect(notes.map((name) => Number(name.slice(0, 4)))).toEqual(notes.map((_, index) => index + 1));
  });

  it.each(notes)('%s says context, decision, consequences and what was rejected', (name) => {
    const headings = [...read(`docs/design/${name}`).matchAll(/^\*\*([A-Z][a-z]+)\.\*\*/gm)].map((match) => match[1]);

    expect(headings).toEqual(['Context', 'Decision', 'Consequences', 'Rejected']);
  });
});

it.each([
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync(new URL('docs/', ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...notes.map((name) => `docs/design/${name}`),
])('%s links to files that exist', (path) => {
  const targets = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1]!);

  const missing = targets.filter((target) => !existsSync(new URL(target, new URL(path, ROOT))));

  expect(missing).toEqual([]);
});
