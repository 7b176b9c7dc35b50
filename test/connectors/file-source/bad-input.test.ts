import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileSourceOptions } from '../../../src/connectors/file-source/file-source-options.ts';
import { sources } from '../../../src/connectors/sources.ts';
import { DEAD_LETTER_RAW_BYTES_MAX, MillraceError } from '../../../src/model/index.ts';
import { readAll, readerContext, temporaryFolder } from '../connector-fixture.ts';

type Options = Omit<FileSourceOptions, 'path'>;

function read(content: string | Uint8Array, options: Options = {}) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'in'), content);
  const context = readerContext({ splits: ['in'], baseDirectory: folder });
  const reader = sources.file<unknown>({ path: 'in', ...options }).createReader(context);
  const values = readAll(reader);
  const offset = reader.offsets()['in'];
  reader.close();
  return {
    values,
    letters: context.refused.letters.map(({ offset, reason, rawBytes }) => ({ at: offset, reason, rawBytes })),
    raw: context.refused.letters.map((letter) => Buffer.from(letter.raw).toString('latin1')),
    skipped: context.refused.skipped,
    position: (offset as { offset: number }).offset,
  };
}

const csv = (options: Options['csv']): Options => ({
  format: 'csv',
  ...(options === undefined ? {} : { csv: options }),
});

interface Row {
  readonly what: string;
  readonly content: string | Uint8Array;
  readonly options?: Options;
  readonly values: readonly unknown[];
  /** Offset, part of the reason, length. */
  readonly refused: readonly (readonly [number, string, number])[];
}

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

const rows: readonly Row[] = [
  { what: 'a malformed line', content: '{"a":1}\n{"a":\n2\n', values: [{ a: 1 }, 2], refused: [[8, 'is not JSON', 5]] },
  { what: 'a malformed last line', content: '1\n{', values: [1], refused: [[2, 'is not JSON', 1]] },
  {
    what: 'a line over the limit',
    content: '1\n"123456789"\n2',
    options: { recordMaxBytes: 10 },
    values: [1, 2],
    refused: [[2, 'longer than the limit of 10 bytes', 11]],
  },
  {
    what: 'a line at the limit, with carriage return',
    content: '"12345678"\r\n2',
    options: { recordMaxBytes: 10 },
    values: ['12345678', 2],
    refused: [],
  },
  {
    what: 'a line one byte over the limit, with carriage return',
    content: '"123456789"\r\n2',
    options: { recordMaxBytes: 10 },
    values: [2],
    refused: [[0, 'longer than the limit', 12]],
  },
  {
    what: 'a last line over the limit without newline',
    content: '1\n"123456789"',
    options: { recordMaxBytes: 10 },
    values: [1],
    refused: [[2, 'longer than the limit', 11]],
  },
  { what: 'nesting at the limit', content: deep(64), values: [JSON.parse(deep(64))], refused: [] },
  {
    what: 'nesting over the default limit',
    content: `${deep(65)}\n1`,
    values: [1],
    refused: [[0, 'nested more than 64 levels deep', 130]],
  },
  {
    what: 'nesting over a stated limit',
    content: '[[1]]\n[[[1]]]\n',
    options: { depthMax: 2 },
    values: [[[1]]],
    refused: [[6, 'nested more than 2 levels', 7]],
  },
  {
    what: 'brackets inside strings, which are no nesting',
    content: '["[[[[[[","\\"[[[[["]',
    options: { depthMax: 1 },
    values: [['[[[[[[', '"[[[[[']],
    refused: [],
  },
  {
    what: 'too many fields',
    content: '{"a":1,"b":2}\n{"a":{"b":1},"c":2}\n',
    options: { keysMax: 2 },
    values: [{ a: 1, b: 2 }],
    refused: [[14, 'more than 2 fields', 19]],
  },
  {
    what: 'colons inside strings, which are no fields',
    content: '{"a":"::::::"}',
    options: { keysMax: 1 },
    values: [{ a: '::::::' }],
    refused: [],
  },
  {
    what: 'bytes that are not UTF-8',
    content: Buffer.from('22610a22ff220a2262220a', 'hex'),
    values: ['b'],
    refused: [
      [0, 'is not JSON', 2],
      [3, 'not UTF-8', 3],
    ],
  },
  {
    what: 'a lone surrogate in UTF-8 bytes',
    content: Buffer.from('22eda080220a31', 'hex'),
    values: [1],
    refused: [[0, 'not UTF-8', 5]],
  },
  {
    what: 'an overlong encoding',
    content: Buffer.from('22c0af220a31', 'hex'),
    values: [1],
    refused: [[0, 'not UTF-8', 4]],
  },
  { what: 'NUL inside a string, escaped', content: '"a\\u0000b"\n', values: ['a\0b'], refused: [] },
  { what: 'NUL as a line', content: '\0\n1\n', values: [1], refused: [[0, 'is not JSON', 1]] },
  { what: 'empty and blank lines', content: '\n\r\n1\n  \t\n\n2\n\n', values: [1, 2], refused: [] },
  { what: 'a byte order mark', content: '\ufeff1\n\ufeff2\n', values: [1], refused: [[5, 'is not JSON', 4]] },
  {
    what: 'values that are no objects',
    content: 'null\ntrue\n"x"\n[1]\n',
    values: [null, true, 'x', [1]],
    refused: [],
  },
  {
    what: 'text of several bytes a character',
    content: '"ä€😀"\n{"ö":\n"ü"',
    values: ['ä€😀', 'ü'],
    refused: [[12, 'is not JSON', 6]],
  },
  { what: 'an empty file', content: '', values: [], refused: [] },

  {
    what: 'a CSV row with the wrong number of columns',
    content: 'a,b\n1,2\n1\n1,2,3\n3,4',
    options: csv(undefined),
    values: [
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ],
    refused: [
      [8, 'has 1 columns instead of 2', 1],
      [10, 'has 3 columns instead of 2', 5],
    ],
  },
  {
    what: 'CSV quotes and newlines inside quotes',
    content: 'a,b\r\n"x ""y""\r\nz",","\r\n',
    options: csv(undefined),
    values: [{ a: 'x "y"\r\nz', b: ',' }],
    refused: [],
  },
  {
    what: 'a CSV quote inside a plain field',
    content: 'a\nx"y\nz\n',
    options: csv(undefined),
    values: [{ a: 'z' }],
    refused: [[2, 'has a quote but does not begin with one', 3]],
  },
  {
    what: 'CSV text behind a closing quote',
    content: 'a\n"x"y\nz\n',
    options: csv(undefined),
    values: [{ a: 'z' }],
    refused: [[2, 'goes on behind its closing quote', 4]],
  },
  {
    what: 'a CSV quote that is never closed',
    content: 'a\nx\n"y\nz\n',
    options: csv(undefined),
    values: [{ a: 'x' }],
    refused: [[4, 'ends inside a quoted field', 5]],
  },
  {
    what: 'CSV types',
    content: 'n,b\n1.5,true\n,\n1x,true\n1,maybe\n',
    options: csv({ types: { n: 'number', b: 'boolean' } }),
    values: [
      { n: 1.5, b: true },
      { n: null, b: null },
    ],
    refused: [
      [15, "column 'n' is no number", 7],
      [23, "column 'b' is neither true nor false", 7],
    ],
  },
  {
    what: 'CSV without header',
    content: '1;2\n3\n',
    options: csv({ header: false, delimiter: ';' }),
    values: [['1', '2'], ['3']],
    refused: [],
  },
  {
    what: 'CSV with named columns',
    content: '1,2\n',
    options: csv({ header: ['x', 'y'] }),
    values: [{ x: '1', y: '2' }],
    refused: [],
  },
  { what: 'a CSV file with nothing but its header', content: 'a,b', options: csv(undefined), values: [], refused: [] },

  {
    what: 'a JSON array',
    content: '\ufeff [ {"a":[1,2]} , "],[" ,3 ] \n',
    options: { format: 'json' },
    values: [{ a: [1, 2] }, '],[', 3],
    refused: [],
  },
  { what: 'an empty JSON array', content: '[ ]', options: { format: 'json' }, values: [], refused: [] },
  {
    what: 'missing JSON elements',
    content: '[1,,2,]',
    options: { format: 'json' },
    values: [1, 2],
    refused: [
      [3, 'is empty', 0],
      [6, 'is empty', 0],
    ],
  },
  {
    what: 'a malformed JSON element',
    content: '[1, {"a"} ,2]',
    options: { format: 'json' },
    values: [1, 2],
    refused: [[4, 'is not JSON', 6]],
  },
  {
    what: 'a JSON array that is not closed',
    content: '[1,2',
    options: { format: 'json' },
    values: [1],
    refused: [[3, "']' is missing", 1]],
  },
  {
    what: 'content behind a JSON array',
    content: '[1] [2]',
    options: { format: 'json' },
    values: [1],
    refused: [[4, 'goes on behind the end of the array', 3]],
  },
  {
    what: 'JSON lines read as an array',
    content: '{"a":1}\n{"a":2}\n',
    options: { format: 'json' },
    values: [],
    refused: [[0, "does not begin with '['", 16]],
  },
  {
    what: 'an empty file read as an array',
    content: '',
    options: { format: 'json' },
    values: [],
    refused: [[0, "does not begin with '['", 0]],
  },
  {
    what: 'a JSON element over the limit',
    content: '[1,"123456789", 2]',
    options: { format: 'json', recordMaxBytes: 10 },
    values: [1, 2],
    refused: [[3, 'longer than the limit', 11]],
  },
  {
    what: 'white space longer than the limit',
    content: `[1,${' '.repeat(50)}2]`,
    options: { format: 'json', recordMaxBytes: 10 },
    values: [1, 2],
    refused: [],
  },
];

describe('bad input of a file source', () => {
  for (const readBytes of [1, 2, 7, 4096]) {
    it.each(rows)(`is refused with its offset and reason, reading ${readBytes} bytes at a time: $what`, (row) => {
      const result = read(row.content, { ...row.options, readBytes });

      expect(result.values).toEqual(row.values);
      expect(result.letters).toEqual(
        row.refused.map(([at, reason, rawBytes]) => ({
          at: String(at),
          reason: expect.stringContaining(reason),
          rawBytes,
        })),
      );
      expect(result.position).toBe(Buffer.byteLength(row.content));
    });
  }

  it('keeps the refused bytes as they came, cut at 64 KiB', () => {
    const long = `"${'x'.repeat(100_000)}"`;

    const result = read(Buffer.from(`{\xff}\n${long}\n`, 'latin1'), { recordMaxBytes: 10, readBytes: 1000 });

    expect(result.raw).toEqual(['{\xff}', long.slice(0, DEAD_LETTER_RAW_BYTES_MAX)]);
    expect(result.letters.map((letter) => letter.rawBytes)).toEqual([3, 100_002]);
  });

  it('is counted under policy skip, and nothing else', () => {
    const result = read('1\nx\n2\n', { onBadRecord: 'skip' });

    expect(result).toMatchObject({ values: [1, 2], skipped: 1, letters: [] });
  });

  it('ends the job under policy fail, naming file, offset, reason and remedy', () => {
    const attempt = () => read('1\nx\n', { onBadRecord: 'fail' });

    expect(attempt).toThrow(/^the record at byte 2 of in is not JSON: .*; correct it, or set onBadRecord/);
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_BAD_RECORD', recovery: 'none' }));
  });

  it('keeps __proto__, constructor and prototype as plain fields', () => {
    const names = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty'];
    const json = read(`{${names.map((name) => `"${name}":"x"`).join(',')}}\n`);
    const rows = read(`${names.join(',')}\nx,x,x,x\n`, csv(undefined));

    for (const [value] of [json.values, rows.values]) {
      expect(Object.keys(value as object)).toEqual(names);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(JSON.stringify(value)).toBe('{"__proto__":"x","constructor":"x","prototype":"x","hasOwnProperty":"x"}');
    }
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it.each([
    ['a,a\n', "names column 'a' twice"],
    ['a,"b\n', 'ends inside a quoted field'],
    [Buffer.from('61ff0a31', 'hex'), 'not UTF-8'],
  ])('refuses a CSV header that cannot name columns: %j', (content, reason) => {
    expect(() => read(content, csv(undefined))).toThrow(reason);
    expect(() => read(content, csv(undefined))).toThrow(MillraceError);
  });

  it('passes over a line of 100 MB without keeping it', () => {
    const folder = temporaryFolder();
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 100; i++) writeFileSync(join(folder, 'in'), piece, { flag: 'a' });
    writeFileSync(join(folder, 'in'), '\n{"a":1}\n', { flag: 'a' });
    const context = readerContext({ splits: ['in'], baseDirectory: folder });
    const reader = sources.file({ path: 'in' }).createReader(context);
    const before = process.memoryUsage().rss;
    let peak = before;

    const values: unknown[] = [];
    const out = {
      emit: (record: { value: unknown }) => void values.push(record.value),
      emitTo: () => {},
      enterSplit: () => {},
      caughtUpSplit: () => {},
      endSplit: () => {},
    };
    while (reader.poll(out, 10) === 'progress') peak = Math.max(peak, process.memoryUsage().rss);
    reader.close();

    expect(values).toEqual([{ a: 1 }]);
    expect(context.refused.letters).toMatchObject([{ offset: '0', rawBytes: 100 * 1024 * 1024 }]);
    expect(peak - before).toBeLessThan(16 * 1024 * 1024);
  });
});
