/**
 * Collects how two outputs of one sink differ: line by line as multisets, and by the last line of each key. Pure: lines come
 * in, counts and a few examples come out.
 *
 * What it holds grows with the lines it is given, so `compare-outputs.ts` gives it one share of a large output at a time; a
 * share has all lines of the keys in it.
 */

/** Which of the two outputs a line is of. */
export type Side = 'reference' | 'other';

export interface RowDifference {
  /** Lines that one output has more often than the other, each as often as that. */
  readonly onlyInReference: number;
  readonly onlyInOther: number;
  /** A few of them. */
  readonly examplesOfReference: readonly string[];
  readonly examplesOfOther: readonly string[];
  /** Whether every line has a key. Keys decide nothing otherwise. */
  readonly isKeyed: boolean;
  /** Keys whose number of lines, or whose last line, differs. */
  readonly keysDiffering: number;
}

export const EXAMPLES_MAX = 3;

interface KeyRows {
  readonly rows: Record<Side, number>;
  readonly last: Record<Side, string>;
}

export class RowDifferenceCollector {
  /** By line: how much more often the reference has it. */
  readonly #surplus = new Map<string, number>();
  readonly #keys = new Map<string, KeyRows>();
  #isKeyed = true;

  /** `key` is `undefined` for a line without one. Lines of one side come in the order of its file. */
  add(side: Side, line: string, key: string | undefined): void {
    const surplus = (this.#surplus.get(line) ?? 0) + (side === 'reference' ? 1 : -1);
    if (surplus === 0) this.#surplus.delete(line);
    else this.#surplus.set(line, surplus);
    if (key === undefined) {
      this.#isKeyed = false;
      return;
    }
    let known = this.#keys.get(key);
    if (known === undefined) {
      known = { rows: { reference: 0, other: 0 }, last: { reference: '', other: '' } };
      this.#keys.set(key, known);
    }
    known.rows[side]++;
    known.last[side] = line;
  }

  result(): RowDifference {
    const surplus = [...this.#surplus];
    const ofReference = surplus.filter(([, count]) => count > 0);
    const ofOther = surplus.filter(([, count]) => count < 0);
    const total = (lines: readonly (readonly [string, number])[]): number =>
      lines.reduce((sum, [, count]) => sum + Math.abs(count), 0);
    const examples = (lines: readonly (readonly [string, number])[]): readonly string[] =>
      lines.slice(0, EXAMPLES_MAX).map(([line]) => line);
    return {
      onlyInReference: total(ofReference),
      onlyInOther: total(ofOther),
      examplesOfReference: examples(ofReference),
      examplesOfOther: examples(ofOther),
      isKeyed: this.#isKeyed,
      keysDiffering: [...this.#keys.values()].filter(differs).length,
    };
  }
}

function differs({ rows, last }: KeyRows): boolean {
  return rows.reference !== rows.other || last.reference !== last.other;
}

export const NO_DIFFERENCE: RowDifference = {
  onlyInReference: 0,
  onlyInOther: 0,
  examplesOfReference: [],
  examplesOfOther: [],
  isKeyed: true,
  keysDiffering: 0,
};

/** Of two shares of one output. */
export function addDifferences(a: RowDifference, b: RowDifference): RowDifference {
  return {
    onlyInReference: a.onlyInReference + b.onlyInReference,
    onlyInOther: a.onlyInOther + b.onlyInOther,
    examplesOfReference: [...a.examplesOfReference, ...b.examplesOfReference].slice(0, EXAMPLES_MAX),
    examplesOfOther: [...a.examplesOfOther, ...b.examplesOfOther].slice(0, EXAMPLES_MAX),
    isKeyed: a.isKeyed && b.isKeyed,
    keysDiffering: a.keysDiffering + b.keysDiffering,
  };
}
