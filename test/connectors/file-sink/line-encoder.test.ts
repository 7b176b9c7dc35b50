import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvHeader, csvLineEncoder, jsonLine } from '../../../src/connectors/file-sink/line-encoder.ts';
import { splitCsvRow } from '../../../src/connectors/file-source/csv-row.ts';
import { ValueError } from '../../../src/model/index.ts';

const date = new Date(Date.UTC(2001, 0, 1));

describe('a JSON line', () => {
  it.each([
    [{ a: 1, b: 'ä\n"' }, '{"a":1,"b":"ä\\n\\""}'],
    [undefined, 'null'],
    [() => 1, 'null'],
    [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
    [[Number.NaN, Number.POSITIVE_INFINITY, -0], '[null,null,0]'],
    [{ at: date }, '{"at":"2001-01-01T00:00:00.000Z"}'],
    [
      new Map<unknown, unknown>([
        ['a', new Set([1, new Map()])],
        [2, {}],
      ]),
      '[["a",[1,[]]],[2,{}]]',
    ],
    ['\ud800', '"\\ud800"'],
  ])('is what is documented (%#)', (value, text) => {
    expect(jsonLine(value)).toBe(`${text}\n`);
  });

  it.each([
    [{ a: [{ b: 1n }] }, 'record.a[0].b is a BigInt'],
    [5n, 'record is a BigInt'],
    [{ m: new Map([['k', 1n]]) }, 'record.m[0][1] is a BigInt'],
  ])('is refused for a BigInt, naming its path (%#)', (value, message) => {
    expect(() => jsonLine(value)).toThrow(ValueError);
    expect(() => jsonLine(value)).toThrow(message);
  });

  it('is refused for a value that contains itself', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;

    expect(() => jsonLine(loop)).toThrow(
      /cannot be written as JSON: .*circular.*; convert it in a map before the sink/i,
    );
  });
});

describe('a CSV line', () => {
  it.each([
    [{ a: 'x', b: 1 }, 'x,1'],
    [{ a: 'x,"y"\n', b: null }, '"x,""y""\n",'],
    [{ b: date }, ',2001-01-01T00:00:00.000Z'],
    [{ a: true, b: { c: [1] } }, 'true,"{""c"":[1]}"'],
    [{ a: 12n }, '12,'],
    [undefined, ','],
  ])('is RFC 4180 (%#)', (row, line) => {
    expect(csvLineEncoder(['a', 'b'])(row)).toBe(`${line}\n`);
  });

  it('takes own fields only', () => {
    expect(csvLineEncoder(['constructor', '__proto__'])({})).toBe(',\n');
  });

  it('with one empty column is no empty line', () => {
    expect(csvLineEncoder(['a'])({})).toBe('""\n');
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (fields) => {
        const columns = fields.map((_, index) => String(index));
        const line = csvLineEncoder(columns)({ ...fields });
        expect(splitCsvRow(line.slice(0, -1), ',')).toEqual(fields);
      }),
    );
  });

  it('has a header with quotes where they are needed', () => {
    expect(csvHeader(['a', 'b,c'])).toBe('a,"b,c"\n');
  });
});
