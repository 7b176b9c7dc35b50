import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareOutputs } from '../../src/compare/compare-outputs.ts';
import { readLines } from '../../src/compare/read-lines.ts';
import { rehearsalPath } from '../../src/config/rehearse.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-outputs-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(run: string, sink: string, lines: readonly string[]): string {
  const path = rehearsalPath(join(folder, run), sink);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return join(folder, run);
}

const keyed = (key: unknown, value: unknown): string => JSON.stringify({ key, value });

describe('compareOutputs', () => {
  it('compares sink by sink, whatever their names and the order of their lines', async () => {
    const names = ['a/b', '../x', 'ü'];
    for (const name of names) {
      write('one', name, ['{"value":1}', '{"value":2}']);
      write('two', name, name === 'ü' ? ['{"value":2}'] : ['{"value":2}', '{"value":1}']);
    }

    const found = await compareOutputs(join(folder, 'one'), join(folder, 'two'), names);

    expect(found.map(({ sink, level }) => [sink, level])).toEqual([
      ['a/b', 'every row'],
      ['../x', 'every row'],
      ['ü', 'different'],
    ]);
    expect(found[2]!.difference).toMatchObject({
      onlyInReference: 1,
      onlyInOther: 0,
      examplesOfReference: ['{"value":1}'],
    });
  });

  it('takes a sink that wrote nothing for an empty one', async () => {
    const [found] = await compareOutputs(join(folder, 'none'), join(folder, 'neither'), ['out']);

    expect(found).toEqual({ sink: 'out', level: 'every row', rowsInReference: 0, rowsInOther: 0 });
  });

  it('finds the same in one pass and in many', async () => {
    const row = fc.tuple(fc.constantFrom('a', 'b', 'c', 7, true), fc.integer({ min: 0, max: 3 }));
    const rows = fc.array(row, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(rows, rows, fc.integer({ min: 1, max: 4 }), async (first, second, linesPerPass) => {
        const one = write(
          'one',
          'out',
          first.map(([key, value]) => keyed(key, value)),
        );
        const two = write(
          'two',
          'out',
          second.map(([key, value]) => keyed(key, value)),
        );

        const [atOnce] = await compareOutputs(one, two, ['out']);
        const [inPasses] = await compareOutputs(one, two, ['out'], linesPerPass);

        const counts = ({ difference, level }: NonNullable<typeof atOnce>): unknown => [
          level,
          difference?.onlyInReference,
          difference?.onlyInOther,
          difference?.keysDiffering,
        ];
        expect(counts(inPasses!)).toEqual(counts(atOnce!));
      }),
      { numRuns: 60 },
    );
  });
});

describe('readLines', () => {
  const linesOf = async (path: string): Promise<string[]> => {
    const lines: string[] = [];
    for await (const line of readLines(path)) lines.push(line.toString('utf8'));
    return lines;
  };

  it('cuts at newlines only, and gives a last line that has none', async () => {
    const path = join(folder, 'lines');
    writeFileSync(path, 'a\r\n{"text":"\u2028"}\n\nlast');

    expect(await linesOf(path)).toEqual(['a\r', '{"text":"\u2028"}', '', 'last']);
  });

  it('puts lines together that are longer than what is read at once', async () => {
    const path = join(folder, 'long');
    const long = 'x'.repeat(700_000);
    writeFileSync(path, `${long}\nshort\n${long}`);

    expect(await linesOf(path)).toEqual([long, 'short', long]);
  });
});
