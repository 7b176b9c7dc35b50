import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, suggest } from '../../src/model/suggest.ts';

describe('suggest', () => {
  it.each([
    ['wher', 'where'],
    ['wheer', 'where'],
    ['whexre', 'where'],
    ['WHERE', 'where'],
    ['intervalMS', 'intervalMs'],
    ['paralelism', 'parallelism'],
  ])('finds the word meant by %s', (typed, meant) => {
    const words = ['type', 'inputs', 'where', 'parallelism', 'intervalMs'];

    expect(suggest(typed, words)).toBe(meant);
  });

  it('stays silent when nothing is near', () => {
    expect(suggest('zebra', ['type', 'inputs', 'where'])).toBeUndefined();
    expect(suggest('x', [])).toBeUndefined();
  });

  it('takes no letter for another one, but for the same in another case', () => {
    expect(suggest('a', ['b', 'ab'])).toBeUndefined();
    expect(suggest('ab', ['a', 'b'])).toBeUndefined();
    expect(suggest('abc', ['ab', 'c'])).toBe('ab');
    expect(suggest('A', ['b', 'a'])).toBe('a');
  });

  it('prefers the candidate with the same first letter among equals', () => {
    expect(suggest('sine', ['line', 'site'])).toBe('site');
  });
});

describe('editDistance', () => {
  it('is a symmetric distance that is 0 exactly for equal words', () => {
    const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });

  it('counts a swap of neighbours as one edit', () => {
    expect(editDistance('type', 'tpye')).toBe(1);
  });
});
