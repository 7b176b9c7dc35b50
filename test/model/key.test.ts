import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalKey, hashKey, type Key, keyGroupOf, ownedGroups, ownerOf } from '../../src/model/index.ts';

describe('keys', () => {
  it('hash as they always have: the hash is part of the state format', () => {
    const keys: Key[] = [
      '',
      'a',
      'ORD',
      '__proto__',
      'ключ',
      '\u{1f600}',
      0,
      1,
      -1,
      2 ** 31,
      0.5,
      Number.NaN,
      true,
      false,
      5n,
    ];

    expect(keys.map(hashKey)).toMatchInlineSnapshot(`
      [
        2872998923,
        444641715,
        1143634769,
        3182021803,
        3185335672,
        1787143206,
        91794203,
        90457223,
        1774668609,
        1561223831,
        1942656704,
        613468257,
        3651860435,
        1738713326,
        1877142121,
      ]
    `);
  });

  it('make -0 and 0 one key', () => {
    expect(Object.is(canonicalKey(-0), 0)).toBe(true);
  });

  it.each([null, undefined, {}, [], Symbol('s'), () => 1])('refuse %s', (key) => {
    expect(() => canonicalKey(key)).toThrow(/a key must be a string, number, bigint or boolean/);
  });

  it('spread over key groups within a factor of two of evenly', () => {
    const counts = new Array<number>(128).fill(0);
    for (let i = 0; i < 128_000; i++) counts[keyGroupOf(`customer-${i}`, 128)]! += 1;

    expect(Math.max(...counts)).toBeLessThan(2000);
    expect(Math.min(...counts)).toBeGreaterThan(500);
  });

  it('belong to exactly one subtask, whatever the parallelism', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 512 }), fc.integer({ min: 1, max: 512 }), (keyGroups, wanted) => {
        const parallelism = Math.min(wanted, keyGroups);
        const owners = Array.from({ length: parallelism }, (_, index) => ownedGroups(index, parallelism, keyGroups));
        for (let group = 0; group < keyGroups; group++) {
          const owning = owners.flatMap(({ first, last }, index) => (group >= first && group <= last ? [index] : []));
          expect(owning).toEqual([ownerOf(group, parallelism, keyGroups)]);
        }
      }),
      { numRuns: 50 },
    );
  });
});
