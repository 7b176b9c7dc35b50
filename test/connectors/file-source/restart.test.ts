/** Replays that differ from the first run: other read sizes, poll sizes and stops must give the same records. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileSourceOptions } from '../../../src/connectors/file-source/file-source-options.ts';
import { sources } from '../../../src/connectors/sources.ts';
import type { SplitOffsets } from '../../../src/model/index.ts';
import { CollectingEmitter, readerContext, temporaryFolder } from '../connector-fixture.ts';

type Options = Omit<FileSourceOptions, 'path'>;

interface Outcome {
  readonly values: unknown[];
  readonly letters: unknown[];
  readonly position: number;
}

/**
 * Reads with the given poll sizes; the reader is thrown away and made anew from its offsets wherever `restarts` says so and
 * something was read since the last time (restarts that come faster than progress would go on for ever).
 */
function readInParts(
  folder: string,
  options: Options,
  limits: readonly number[],
  restarts: readonly boolean[],
): Outcome {
  const out = new CollectingEmitter();
  const letters: unknown[] = [];
  const source = sources.file<unknown>({ path: 'in', ...options });
  let offsets: SplitOffsets = {};
  let reader = source.createReader(
    readerContext({ splits: ['in'], baseDirectory: folder, deadLetter: (letter) => letters.push(letter) }),
  );
  for (let turn = 0; ; turn++) {
    const limit = limits[turn % limits.length]!;
    const before = out.records.length + letters.length;
    if (turn > 5_000) throw new Error('no end after 100,000 polls');
    const result = reader.poll(out, limit);
    const count = out.records.length + letters.length - before;
    expect(count).toBeLessThanOrEqual(limit);
    if (result === 'ended') break;
    expect(result).toBe('progress');
    if (!restarts[turn % restarts.length] || count === 0) continue;
    offsets = JSON.parse(JSON.stringify(reader.offsets()));
    reader.close();
    reader = source.createReader(
      readerContext({ splits: ['in'], baseDirectory: folder, offsets, deadLetter: (letter) => letters.push(letter) }),
    );
  }
  const { offset } = reader.offsets()['in'] as { offset: number };
  reader.close();
  return { values: out.values, letters, position: offset };
}

const fragments: readonly string[] = [
  '{"a":1}',
  '[',
  ']',
  '{',
  '}',
  '"',
  '\\',
  ',',
  '\n',
  '\r\n',
  ' ',
  '1',
  '"ä"',
  'null',
  '\ufeff',
  ':',
  '""',
  'x,y',
];
const bytes: fc.Arbitrary<Buffer> = fc.oneof(
  fc.array(fc.constantFrom(...fragments), { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''))),
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  fc.array(fc.json(), { maxLength: 10 }).map((lines) => Buffer.from(lines.join('\n'))),
  fc.array(fc.json(), { maxLength: 10 }).map((elements) => Buffer.from(`[${elements.join(', ')}]`)),
);
const formats: readonly Options[] = [
  { format: 'jsonl' },
  { format: 'json' },
  { format: 'csv', csv: { header: ['x', 'y'] } },
  { format: 'csv', csv: { header: false } },
];

describe('reading arbitrary bytes', () => {
  it.each(formats)('never throws, and gives the same records and dead letters however it is cut: %j', (format) => {
    const folder = temporaryFolder();
    const property = fc.property(
      bytes,
      fc.integer({ min: 1, max: 30 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      fc.constantFrom(1, 8, 1000),
      (content, readBytes, limits, restarts, recordMaxBytes) => {
        writeFileSync(join(folder, 'in'), content);
        const options = { ...format, recordMaxBytes, depthMax: 3 };

        const whole = readInParts(folder, options, [1000], [false]);
        const inParts = readInParts(folder, { ...options, readBytes }, limits, restarts);

        expect(inParts).toEqual(whole);
        expect(whole.position).toBe(content.length);
      },
    );
    // Half a byte order mark and nothing else: found by chance, kept on purpose.
    const cutMarks = [[0xef], [0xef, 0xbb]].map((cut) => Buffer.from(cut));
    fc.assert(property, { numRuns: 100, examples: cutMarks.map((cut) => [cut, 1, [1], [false], 1]) });
  });
});

/** The obvious program for JSON lines: everything in memory. */
function naiveLines(content: Buffer): { values: unknown[]; refusedAt: string[] } {
  const values: unknown[] = [];
  const refusedAt: string[] = [];
  const hasMark = content.subarray(0, 3).equals(Buffer.from('\ufeff'));
  let at = hasMark ? 3 : 0;
  while (at < content.length) {
    const newline = content.indexOf(10, at);
    const line = content.subarray(at, newline === -1 ? content.length : newline);
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
      if (!/^[ \t\r]*$/.test(text)) values.push(JSON.parse(text));
    } catch {
      refusedAt.push(String(at));
    }
    at += line.length + 1;
  }
  return { values, refusedAt };
}

describe('reading JSON lines', () => {
  it('agrees with a program that holds the whole file', () => {
    const folder = temporaryFolder();
    const property = fc.property(bytes, (content) => {
      writeFileSync(join(folder, 'in'), content);

      const read = readInParts(folder, {}, [1000], [false]);

      const refusedAt = read.letters.map((letter) => (letter as { offset: string }).offset);
      expect({ values: read.values, refusedAt }).toEqual(naiveLines(content));
    });
    fc.assert(property, { numRuns: 500 });
  });
});

describe('reading CSV', () => {
  const field = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('', 'a"b', '"', ',', '\n', '\r\n', 'ü', '""'));
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) =>
      fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
    );

  it('gives back the fields that were written, whatever they contain', () => {
    const folder = temporaryFolder();
    const property = fc.property(
      table,
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom('\n', '\r\n'),
      (cells, readBytes, end) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        writeFileSync(join(folder, 'in'), cells.map((row) => row.map(quoted).join(',') + end).join(''));

        const read = readInParts(folder, { format: 'csv', csv: { header: false }, readBytes }, [2], [true, false]);

        expect(read.values).toEqual(cells);
        expect(read.letters).toEqual([]);
      },
    );
    fc.assert(property, { numRuns: 100 });
  });
});

describe('a real file', () => {
  it('of 20,000 flights in one JSON array is read whole, over restarts in the middle', () => {
    const file = fileURLToPath(new URL('../../../node_modules/vega-datasets/data/flights-20k.json', import.meta.url));
    const folder = temporaryFolder();
    symlinkSync(file, join(folder, 'in'));

    const read = readInParts(folder, { format: 'json', readBytes: 10_000 }, [777, 1, 5000], [false, true, true]);

    expect(read.letters).toEqual([]);
    expect(read.values).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });
});

describe('a range of a file', () => {
  it.each(formats)('is read up to its end and no further, then the next one from there: %j', (format) => {
    const folder = temporaryFolder();
    const content = { jsonl: '1\n\n[2]\n3\n', json: '[1, [2] ,3]', csv: 'a,b\n\nc,d\ne,f\n' }[format.format ?? 'jsonl'];
    writeFileSync(join(folder, 'in'), content);
    const source = sources.file<unknown>({ path: 'in', ...format });
    const positions: SplitOffsets[] = [];
    const first = source.createReader(readerContext({ splits: ['in'], baseDirectory: folder }));
    const expected = new CollectingEmitter();
    while (first.poll(expected, 1) !== 'ended') positions.push(first.offsets());

    const out = new CollectingEmitter();
    const second = source.createReader(readerContext({ splits: ['in'], baseDirectory: folder }));
    for (const [index, until] of positions.entries()) {
      while (second.poll(out, 100, until) === 'progress');
      expect(out.values).toEqual(expected.values.slice(0, index + 1));
      expect(second.offsets()).toEqual(until);
      expect(second.poll(out, 100, until)).toBe('idle');
    }

    expect(second.poll(out, 100)).toBe('ended');
    expect(out.values).toEqual(expected.values);
    first.close();
    second.close();
  });
});
