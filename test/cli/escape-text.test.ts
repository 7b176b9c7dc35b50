import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeLines, escapeText } from '../../src/cli/escape-text.ts';
import { formatBytes, formatCount, formatDuration } from '../../src/cli/format-number.ts';
import { renderValue } from '../../src/cli/render-value.ts';
import { readKeys } from '../../src/cli/state-command.ts';

/** What a terminal acts upon instead of showing it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const ACTIVE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe('text from data on a terminal (S11)', () => {
  it('never contains a control character, whatever the data', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(text, fc.constantFrom('\u001b[2J', '\n', '\u0007', '\u202e', '\u0085'), (data, evil) => {
        expect(escapeText(data + evil)).not.toMatch(ACTIVE);
        expect(renderValue({ [data + evil]: [data, evil] })).not.toMatch(ACTIVE);
      }),
    );
  });

  it('keeps what is harmless, and the lines of a message', () => {
    expect(escapeText('Zürich 東京 😀 "q" \\')).toBe('Zürich 東京 😀 "q" \\');
    expect(escapeText('a\tb\nc\u001b[31m')).toBe('a\\tb\\nc\\u001b[31m');
    expect(escapeLines('one\n two\u0007')).toBe('one\n two\\u0007');
  });

  it('cuts a field at 4 KiB', () => {
    expect(escapeText('x'.repeat(1_000_000))).toHaveLength(4099);
  });
});

describe('stored values as JSON', () => {
  it.each<[unknown, string]>([
    [{ a: 1, b: 'x' }, '{"a":1,"b":"x"}'],
    [[1n, Number.NaN, Number.NEGATIVE_INFINITY], '["1","NaN","-Infinity"]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [new Map([['k', new Set([1])]]), '[["k",[1]]]'],
    [new Uint8Array([1, 2, 3]), '"AQID"'],
    [undefined, 'null'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ])('value %#', (value, text) => {
    expect(renderValue(value)).toBe(text);
  });

  it('of any length are shown whole', () => {
    expect(renderValue('y'.repeat(50_000))).toHaveLength(50_002);
  });
});

describe('keys on a command line', () => {
  it.each<[string, readonly unknown[]]>([
    ['ATL', ['ATL']],
    ['5', ['5', 5, 5n]],
    ['-1.5', ['-1.5', -1.5]],
    ['5n', ['5n', 5n]],
    ['true', ['true', true]],
    ['"5"', ['5']],
    ['""', ['']],
  ])('%s', (text, keys) => {
    expect(readKeys(text)).toEqual(keys);
  });
});

describe('numbers', () => {
  it('read the same on every machine', () => {
    expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([0.0751, 1, 12.34, 104.5, 2000, 59_990, 60_000, 200_000].map(formatDuration)).toEqual([
      '0.075 ms',
      '1 ms',
      '12.3 ms',
      '105 ms',
      '2 s',
      '60 s',
      '1 min',
      '3 min 20 s',
    ]);
    expect([0, 1023, 1536, 12 * 1024 * 1024].map(formatBytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '12 MiB']);
  });
});
