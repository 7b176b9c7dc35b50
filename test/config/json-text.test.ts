import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JSON_DEPTH_MAX, readJsonText } from '../../src/config/json-text.ts';

/** Objects without prototypes equal plain ones once both are text again. */
const normal = (value: unknown): string => JSON.stringify(value);

/** What JSON.parse reads, without numbers that are too large: it makes them Infinity in silence. */
function isFiniteJson(text: string): boolean {
  let holds = true;
  try {
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value === 'number' && !Number.isFinite(value)) holds = false;
      return value;
    });
    return holds;
  } catch {
    return false;
  }
}

describe('readJsonText', () => {
  it('reads what JSON.parse reads', () => {
    const json = fc.jsonValue({ maxDepth: 5 });
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!/"(__proto__|constructor|prototype)"/.test(text));

        const read = readJsonText(text);

        expect(read.problems).toEqual([]);
        expect(normal(read.value)).toBe(normal(JSON.parse(text)));
      }),
    );
  });

  it('refuses what JSON.parse refuses, and never throws', () => {
    const almostJson = fc
      .tuple(fc.jsonValue({ maxDepth: 3 }), fc.nat(), fc.string({ maxLength: 2 }))
      .map(([value, at, noise]) => {
        const text = JSON.stringify(value);
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + noise + text.slice(cut + 1);
      });
    fc.assert(
      fc.property(almostJson, (text) => {
        const isValid = isFiniteJson(text);
        const read = readJsonText(text);
        const hasSyntaxError = read.problems.some(({ message }) => message.startsWith('not valid JSON'));

        expect(hasSyntaxError).toBe(!isValid);
      }),
      { numRuns: 500 },
    );
  });

  it('reports every duplicate key with its path and both lines', () => {
    const read = readJsonText('{\n"a": {"b": 1,\n"b": 2, "b": 3},\n"a": 4}');

    expect(read.problems).toEqual([
      { path: ['a', 'b'], message: 'duplicate key: given in line 2 and again in line 3' },
      { path: ['a', 'b'], message: 'duplicate key: given in line 2 and again in line 3' },
      { path: ['a'], message: 'duplicate key: given in line 2 and again in line 4' },
    ]);
    expect(normal(read.value)).toBe('{"a":{"b":1}}');
  });

  it('tells equal keys apart from keys that are only written differently', () => {
    expect(readJsonText('{"a": 1, "\\u0061": 2}').problems).toHaveLength(1);
    expect(readJsonText('{"a": 1, "A": 2}').problems).toHaveLength(0);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses %s as a key at any depth and pollutes nothing', (key) => {
    const read = readJsonText(`{"a": [{"${key}": {"polluted": true}}]}`);

    expect(read.problems.map(({ path }) => path)).toEqual([['a', 0, key]]);
    expect(normal(read.value)).toBe('{"a":[{}]}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('takes toString and hasOwnProperty as ordinary keys', () => {
    const read = readJsonText('{"toString": 1, "hasOwnProperty": 2}');

    expect(read.problems).toEqual([]);
    expect(normal(read.value)).toBe('{"toString":1,"hasOwnProperty":2}');
  });

  it.each([
    ['', 'the text ends where a value is expected'],
    ['{"a": 1,}', 'a key in double quotes is expected here'],
    ['[1,]', 'a value is expected here, not "]" (a comma too many)'],
    ['{"a" 1}', 'a colon is expected after the key "a"'],
    ['[1 2]', 'a comma or ] is expected here'],
    ['// note\n{}', 'a value is expected here, not "/" (JSON has no comments)'],
    ['{"a": tru}', 'a value is expected here; did you mean true?'],
    ['"abc', 'a string without an end'],
    ['"a\nb"', 'a string with an invalid escape, a tab or a line break; write \\t or \\n'],
    ['[1e999]', 'the number 1e999 is too large'],
    ['{} {}', 'something follows the end of the JSON value'],
    ["{'a': 1}", 'a key in double quotes is expected here'],
  ])('says what is wrong with %j', (text, message) => {
    const [problem] = readJsonText(text).problems;

    expect(problem!.message).toMatch(/^not valid JSON at line \d+, column \d+: /);
    expect(problem!.message.endsWith(message)).toBe(true);
  });

  it('refuses a million nested lists without exhausting the stack', () => {
    const [problem] = readJsonText('['.repeat(1_000_000)).problems;

    expect(problem!.message).toContain(`nested deeper than ${JSON_DEPTH_MAX} levels`);
  });

  it('knows the place of every path, and of the nearest one around an absent path', () => {
    const text = '{\n  "a": {\n    "b": [1,\n      2]\n  }\n}';
    const { placeOf } = readJsonText(text);

    expect(placeOf(['a', 'b'])).toEqual({ line: 3, column: 5 });
    expect(placeOf(['a', 'b', 1])).toEqual({ line: 4, column: 7 });
    expect(placeOf(['a', 'missing', 'deeper'])).toEqual({ line: 2, column: 3 });
    expect(placeOf([])).toEqual({ line: 1, column: 1 });
  });
});
