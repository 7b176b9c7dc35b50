import { describe, expect, it } from 'vitest';
import { hashScalar } from '../../../src/operators/aggregates/scalar-hash.ts';

describe('the hash of a value', () => {
  it('is part of the state format: these never change', () => {
    const values = [
      '',
      'a',
      'ab',
      'flight 17',
      '\u{1f600}',
      0,
      1,
      -1.5,
      Number.NaN,
      1e300,
      1n,
      -(2n ** 63n),
      true,
      false,
    ];

    expect(values.map(hashScalar)).toEqual(PINNED);
  });

  it('is a whole number of 53 bits that tells types apart', () => {
    const hashes = [1, '1', 1n, true, 0, '0', 0n, false, '', Number.NaN, 'NaN'].map(hashScalar);

    expect(new Set(hashes).size).toBe(hashes.length);
    for (const hash of hashes) expect(Number.isSafeInteger(hash) && hash >= 0).toBe(true);
    expect(hashScalar(-0)).toBe(hashScalar(0));
  });

  it.each([
    ['numbers', (i: number) => i],
    ['fractions', (i: number) => i / 1000],
    ['text', (i: number) => `key-${i}`],
    ['bigints', (i: number) => BigInt(i) << 20n],
  ])('spreads %s that follow each other over all of its bits', (_, make) => {
    const count = 20_000;
    const ones = new Array<number>(53).fill(0);
    const seen = new Set<number>();
    for (let i = 0; i < count; i++) {
      const hash = hashScalar(make(i));
      seen.add(hash);
      for (let bit = 0; bit < 53; bit++) if (Math.floor(hash / 2 ** bit) % 2 === 1) ones[bit]!++;
    }

    expect(seen.size).toBe(count);
    // Five standard deviations of a fair coin.
    for (const each of ones) expect(Math.abs(each - count / 2)).toBeLessThan((5 * Math.sqrt(count)) / 2);
  });
});

const PINNED: readonly number[] = [
  7197637174552127, 6992985509884036, 4640430975269815, 476233282804428, 34306939254961, 5484782360771727,
  4206717517566068, 461509411451019, 8194039612880305, 3058874809505834, 904867694805614, 314872412837257,
  91590044126758, 6438290198726550,
];
