import { describe, expect, test } from 'vitest';
import { createClaim, SharedClaim } from '../../src/channels/index.ts';

describe('a shared claim', () => {
  test('goes to the first who takes it, and stays there', () => {
    const memory = createClaim();
    const [first, second] = [new SharedClaim(memory), new SharedClaim(memory)];
    expect([first.holder(), second.holder()]).toEqual([0, 0]);

    expect(second.take(2)).toBe(true);

    expect(first.take(1)).toBe(false);
    expect(second.take(2)).toBe(true);
    expect([first.holder(), second.holder()]).toEqual([2, 2]);
  });

  test('is another one in other memory', () => {
    const [first, second] = [new SharedClaim(createClaim()), new SharedClaim(createClaim())];

    expect([first.take(1), second.take(2)]).toEqual([true, true]);
  });

  test.each([0, -1, 1.5, 2 ** 31, Number.NaN])('is not taken under the number %d', (taker) => {
    const claim = new SharedClaim(createClaim());

    expect(() => claim.take(taker)).toThrow('a claim is taken under a whole number');
    expect(claim.holder()).toBe(0);
  });
});
