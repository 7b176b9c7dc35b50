import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimeText } from '../../src/config/expression/parse-time-text.ts';

describe('a time as text', () => {
  it.each<[string, number]>([
    ['1970-01-01', 0],
    ['1970-01-01T00:00Z', 0],
    ['1970-01-01T00:00:01', 1000],
    ['1970-01-01 00:00:01.5', 1500],
    ['1970-01-01T00:00:00.123456789Z', 123],
    ['1970-01-01T01:00+01:00', 0],
    ['1970-01-01T01:00+0100', 0],
    ['1969-12-31T23:00:00-01:00', 0],
    ['1969-12-31T23:59:59.999Z', -1],
    ['2001/01/14 21:55', Date.UTC(2001, 0, 14, 21, 55)],
    ['2000-02-29', Date.UTC(2000, 1, 29)],
    ['0001-01-01', Date.parse('0001-01-01T00:00:00Z')],
    [' 1970-01-01T00:00:01Z ', 1000],
  ])('%s', (text, expected) => {
    expect(parseTimeText(text)).toBe(expected);
  });

  it.each([
    '',
    'now',
    '1970',
    '1970-1-1',
    '1970-13-01',
    '2001-02-29',
    '2001-06-31',
    '1970-01-01T24:00',
    '1970-01-01T00:60',
    '1970-01-01T00:00:60',
    '1970/01-01',
    '01/02/1970',
    '12',
    '1970-01-01T00:00+1',
  ])('%j is none', (text) => {
    expect(parseTimeText(text)).toBeNaN();
  });

  it('reads what Date writes, whatever the zone of the machine', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(parseTimeText(date.toISOString())).toBe(date.getTime());
      }),
    );
  });
});
