/** What docs/testing.md shows is run, and prints what its comments say. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';

const guide = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1]!);
const fileOf = (index: number): URL => new URL(`./testing-guide.example-${index}.ts`, import.meta.url);

describe('the guide to testing', () => {
  afterAll(() => {
    for (const index of blocks.keys()) rmSync(fileOf(index), { force: true });
  });

  it.each([...blocks.entries()])('has an example %i that runs as it says', async (index, block) => {
    const printed: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
      printed.push(values.map((value) => JSON.stringify(value)).join(' '));
    });
    const source = block
      .replace("'millrace/testing'", "'../../src/testing/index.ts'")
      .replace("'millrace'", "'../../src/index.ts'");
    writeFileSync(fileOf(index), source);

    await import(/* @vite-ignore */ fileOf(index).pathname);
    log.mockRestore();

    // As JSON: without the quotes of names and the spaces, which people read better.
    const plain = (text: string): string => text.replaceAll(/["'\s]/g, '');
    const promised = [...block.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => plain(match[1]!));
    const times = printed.length / promised.length;
    const expected = Array.from({ length: times }, () => promised).flat();
    expect(printed.map(plain)).toEqual(expected);
  });
});
