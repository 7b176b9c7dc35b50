import { describe, expect, it } from 'vitest';
import { MarkerAligner } from '../../src/continuous/marker-aligner.ts';
import type { Marker } from '../../src/model/index.ts';

const marker = (epoch: number, isFinal = false): Marker => ({ kind: 'marker', epoch, isFinal });

describe('marker alignment', () => {
  it('seals at once with a single input', () => {
    const aligner = new MarkerAligner(1);

    expect(aligner.onMarker(0, marker(1))).toEqual(marker(1));
    expect(aligner.isOpen(0)).toBe(true);
  });

  it('closes an input from its marker until all the others have theirs, in every order (I1)', () => {
    for (const order of permutations([0, 1, 2])) {
      const aligner = new MarkerAligner(3);
      const [first, second, third] = order as [number, number, number];

      expect(aligner.onMarker(first, marker(7))).toBeUndefined();
      expect(aligner.onMarker(second, marker(7))).toBeUndefined();
      expect([0, 1, 2].map((input) => aligner.isOpen(input))).toEqual([0, 1, 2].map((input) => input === third));

      expect(aligner.onMarker(third, marker(7))).toEqual(marker(7));
      expect([0, 1, 2].every((input) => aligner.isOpen(input))).toBe(true);
    }
  });

  it('calls a second marker on a closed input a bug (I1)', () => {
    const aligner = new MarkerAligner(2);
    aligner.onMarker(0, marker(1));

    expect(() => aligner.onMarker(0, marker(2))).toThrow(/I1: input 0 brought marker 2 while it was closed/);
  });

  it('calls markers of different epochs in one alignment a bug (I1)', () => {
    const aligner = new MarkerAligner(2);
    aligner.onMarker(0, marker(1));

    expect(() => aligner.onMarker(1, marker(2))).toThrow(/I1: marker 2 arrived during the alignment of 1/);
  });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}
