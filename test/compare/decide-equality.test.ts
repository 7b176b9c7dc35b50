import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideEquality, weakestLevel } from '../../src/compare/decide-equality.ts';
import { MultisetDigest } from '../../src/compare/multiset-digest.ts';
import { addDifferences, EXAMPLES_MAX, RowDifferenceCollector } from '../../src/compare/row-difference.ts';

type Row = readonly [key: string | undefined, text: string];

function differenceOf(reference: readonly Row[], other: readonly Row[]): ReturnType<RowDifferenceCollector['result']> {
  const collector = new RowDifferenceCollector();
  for (const [key, text] of reference) collector.add('reference', text, key);
  for (const [key, text] of other) collector.add('other', text, key);
  return collector.result();
}

describe('equality of two outputs', () => {
  it('is of every row when the order alone differs', () => {
    const difference = differenceOf(
      [
        ['a', 'a1'],
        ['b', 'b1'],
      ],
      [
        ['b', 'b1'],
        ['a', 'a1'],
      ],
    );

    expect(decideEquality(difference)).toBe('every row');
  });

  it('is of the last rows when rows in between differ and each key has as many', () => {
    const difference = differenceOf(
      [
        ['a', 'count 1, max 5'],
        ['a', 'count 2, max 9'],
      ],
      [
        ['a', 'count 1, max 9'],
        ['a', 'count 2, max 9'],
      ],
    );

    expect(decideEquality(difference)).toBe('last row of each key');
    expect(difference).toMatchObject({ onlyInReference: 1, onlyInOther: 1, keysDiffering: 0 });
  });

  it('is refused when a key lost a row in between, though its last one is the same', () => {
    const difference = differenceOf(
      [
        ['a', 'first'],
        ['a', 'last'],
      ],
      [['a', 'last']],
    );

    expect(decideEquality(difference)).toBe('different');
    expect(difference.keysDiffering).toBe(1);
  });

  it('is refused when the last rows of a key differ, or a key is there once only', () => {
    expect(decideEquality(differenceOf([['a', 'x']], [['a', 'y']]))).toBe('different');
    expect(decideEquality(differenceOf([['a', 'x']], []))).toBe('different');
    expect(decideEquality(differenceOf([['a', 'a x']], [['b', 'b x']]))).toBe('different');
  });

  it('does not rest on keys when some rows have none', () => {
    const difference = differenceOf(
      [
        ['a', 'one'],
        ['a', 'last'],
        [undefined, 'free'],
      ],
      [
        ['a', 'two'],
        ['a', 'last'],
        [undefined, 'free'],
      ],
    );

    expect(decideEquality(difference)).toBe('different');
  });

  it('counts a row that is there twice', () => {
    const difference = differenceOf(
      [[undefined, 'x']],
      [
        [undefined, 'x'],
        [undefined, 'x'],
      ],
    );

    expect(decideEquality(difference)).toBe('different');
    expect(difference).toMatchObject({ onlyInReference: 0, onlyInOther: 1, examplesOfOther: ['x'] });
  });

  it('gives a few examples only', () => {
    const difference = differenceOf(
      [],
      Array.from({ length: 100 }, (_, index) => [undefined, `row ${index}`] as const),
    );

    expect(difference.onlyInOther).toBe(100);
    expect(difference.examplesOfOther).toHaveLength(EXAMPLES_MAX);
    expect(addDifferences(difference, difference).examplesOfOther).toHaveLength(EXAMPLES_MAX);
  });

  it('of several outputs is that of the weakest', () => {
    expect(weakestLevel([])).toBe('every row');
    expect(weakestLevel(['every row', 'last row of each key'])).toBe('last row of each key');
    expect(weakestLevel(['different', 'last row of each key', 'every row'])).toBe('different');
  });
});

describe('MultisetDigest', () => {
  const digestOf = (lines: readonly string[]): string => {
    const digest = new MultisetDigest();
    for (const line of lines) digest.add(Buffer.from(line));
    return digest.toString();
  };

  it('is equal exactly when the lines are the same, each as often, in whatever order', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 });
    fc.assert(
      fc.property(lines, lines, (first, second) => {
        const isSame = first.toSorted().join() === second.toSorted().join();

        expect(digestOf(first) === digestOf(second)).toBe(isSame);
      }),
    );
  });

  it('sees lines that are there an even number of times', () => {
    expect(digestOf(['a', 'a'])).not.toBe(digestOf(['b', 'b']));
  });
});
