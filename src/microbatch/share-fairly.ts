/** Divides a limit between several that need some of it: water-filling in whole units. Pure. */

/**
 * What each gets, in the order of `needs` (at least 1 each; `Infinity`: as much as there is). Whoever needs less than its share
 * leaves the rest to the others. Units that cannot be divided evenly go to those nearest behind `first`, in a ring: with less
 * than one unit for each, the others get none. Nothing is left over while somebody needs it.
 */
export function shareFairly(needs: readonly number[], limit: number, first: number): readonly number[] {
  if (limit === Number.POSITIVE_INFINITY) return needs;
  const shares = new Array<number>(needs.length).fill(0);
  let left = limit;
  let open = needs.map((_, index) => (first + index) % needs.length);
  while (open.length > 0) {
    const share = Math.floor(left / open.length);
    const modest = open.filter((index) => needs[index]! <= share);
    if (modest.length === 0) {
      const extra = left - share * open.length;
      for (const [place, index] of open.entries()) shares[index] = share + (place < extra ? 1 : 0);
      return shares;
    }
    for (const index of modest) {
      shares[index] = needs[index]!;
      left -= needs[index]!;
    }
    open = open.filter((index) => !modest.includes(index));
  }
  return shares;
}
