/**
 * Quantiles within a relative error, in bounded memory: DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile
 * sketch with relative-error guarantees", VLDB 2019). Positive and negative values are counted in bins whose bounds grow by a factor; a bin
 * stands for every value in it within the error. What is 10^16 times smaller than the largest value of its sign, or more, is counted as
 * if it were just that small: this bounds the number of bins.
 *
 * Plain data, changed in place. What it holds is a function of the values: neither their order nor the way in which parts of them were
 * merged can be seen in it.
 */
export type QuantileSketch = [
  count: number,
  zeros: number,
  smallest: number,
  largest: number,
  positive: Bins,
  /** By magnitude. */
  negative: Bins,
];

/** Counts of neighbouring bins from number `first` on. The first is never 0. */
type Bins = [first: number, counts: number[]];

const DECADES_MAX = 16;

/** What follows from the relative error; the same for all sketches of an aggregate. */
export interface QuantileScale {
  /** Logarithm of the factor between the bounds of a bin. */
  readonly logFactor: number;
  /** Value that stands for bin 0. */
  readonly unit: number;
  readonly binsMax: number;
}

export function quantileScale(relativeError: number): QuantileScale {
  const factor = (1 + relativeError) / (1 - relativeError);
  const logFactor = Math.log(factor);
  return { logFactor, unit: 2 / (1 + factor), binsMax: Math.ceil((DECADES_MAX * Math.LN10) / logFactor) };
}

export function emptyQuantileSketch(): QuantileSketch {
  return [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, [0, []], [0, []]];
}

/** Adds in place. `value` is finite. */
export function addToQuantiles(sketch: QuantileSketch, value: number, scale: QuantileScale): void {
  sketch[0]++;
  if (value < sketch[2]) sketch[2] = value;
  if (value > sketch[3]) sketch[3] = value;
  if (value === 0) sketch[1]++;
  else if (value > 0) addToBins(sketch[4], binOf(value, scale), 1, scale.binsMax);
  else addToBins(sketch[5], binOf(-value, scale), 1, scale.binsMax);
}

/** Adds all that `later` has taken in, in place. Both have the same scale. */
export function mergeQuantiles(into: QuantileSketch, later: QuantileSketch, scale: QuantileScale): void {
  into[0] += later[0];
  into[1] += later[1];
  into[2] = Math.min(into[2], later[2]);
  into[3] = Math.max(into[3], later[3]);
  mergeBins(into[4], later[4], scale.binsMax);
  mergeBins(into[5], later[5], scale.binsMax);
}

/**
 * About the value at place `floor(q * (n - 1))` of the n values in ascending order, from 0: within the relative error of it, and exact for
 * the smallest and the largest. `null` without values.
 */
export function quantileOf(sketch: QuantileSketch, q: number, scale: QuantileScale): number | null {
  const [count, zeros, smallest, largest, positive, negative] = sketch;
  if (count === 0) return null;
  const place = Math.floor(q * (count - 1));
  if (place === 0) return smallest;
  if (place === count - 1) return largest;
  const found = valueAt(place, zeros, positive, negative, scale);
  return Math.min(largest, Math.max(smallest, found));
}

function valueAt(place: number, zeros: number, positive: Bins, negative: Bins, scale: QuantileScale): number {
  let behind = 0;
  const magnitudes = negative[1];
  for (let i = magnitudes.length - 1; i >= 0; i--) {
    behind += magnitudes[i]!;
    if (behind > place) return -binValue(negative[0] + i, scale);
  }
  behind += zeros;
  if (behind > place) return 0;
  const counts = positive[1];
  let i = 0;
  while (i < counts.length - 1) {
    behind += counts[i]!;
    if (behind > place) break;
    i++;
  }
  return binValue(positive[0] + i, scale);
}

function binOf(magnitude: number, scale: QuantileScale): number {
  return Math.ceil(Math.log(magnitude) / scale.logFactor);
}

/** Equally far, in proportion, from both bounds of the bin. */
function binValue(bin: number, scale: QuantileScale): number {
  return Math.exp(bin * scale.logFactor) * scale.unit;
}

function mergeBins(into: Bins, later: Bins, binsMax: number): void {
  const [first, counts] = later;
  // From the top, so that what is too small finds out at once.
  for (let i = counts.length - 1; i >= 0; i--) {
    if (counts[i]! > 0) addToBins(into, first + i, counts[i]!, binsMax);
  }
}

function addToBins(bins: Bins, bin: number, count: number, binsMax: number): void {
  const counts = bins[1];
  if (counts.length === 0) bins[0] = bin;
  const last = bins[0] + counts.length - 1;
  if (bin > last) {
    collapseBelow(bins, bin - binsMax + 1);
    while (bins[0] + counts.length <= bin) counts.push(0);
  }
  const kept = bin < bins[0] ? Math.max(bin, last - binsMax + 1) : bin;
  if (kept < bins[0]) {
    counts.unshift(...new Array<number>(bins[0] - kept).fill(0));
    bins[0] = kept;
  }
  counts[kept - bins[0]]! += count;
}

/** Counts what lies below `lowest` as if it lay there. */
function collapseBelow(bins: Bins, lowest: number): void {
  const [first, counts] = bins;
  if (first >= lowest || counts.length === 0) return;
  const below = counts.splice(0, lowest - first);
  const sum = below.reduce((total, count) => total + count, 0);
  if (counts.length === 0) counts.push(sum);
  else counts[0]! += sum;
  bins[0] = lowest;
}
