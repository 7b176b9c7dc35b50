/**
 * "Did you mean": the known word nearest to a misspelt one. Pure.
 */

/** The distance takes time in the product of both lengths, and nobody misspells longer words than these by accident. */
const WORD_LENGTH_MAX = 120;

/**
 * The candidate nearest to `word` by optimal string alignment distance (insert, delete, substitute, swap neighbours; case
 * counts as nothing), or `undefined` when none is near enough: one edit for short words, up to a third of longer ones.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > WORD_LENGTH_MAX) return undefined;
  const wanted = word.toLowerCase();
  const tolerance = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > tolerance) continue;
    const known = candidate.toLowerCase();
    const distance = editDistance(wanted, known);
    if (distance > tolerance) continue;
    // Something must be left of the word: every letter is one edit away from every other.
    if (distance > 0 && distance >= Math.min(wanted.length, known.length)) continue;
    // Typing errors rarely hit the first letter: it breaks ties.
    const score = distance + (wanted[0] === known[0] ? 0 : 0.5);
    if (score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** Optimal string alignment distance (Damerau-Levenshtein without overlapping swaps), in three rows of memory. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) distance = Math.min(distance, beforeLast[j - 2]! + 1);
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
