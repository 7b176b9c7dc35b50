/** Runs of commands against state on both media and with caches of several sizes: what the tests against models share. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { lmdbMedium, type Medium, memoryMedium } from './state-rig.ts';

/** A key so long that two of them differ only where they are cut. */
export const LONG: string = 'k'.repeat(950);

/** Some slices of folding, of which so many subtasks hear. */
export const fold: fc.Arbitrary<{ readonly type: 'fold'; readonly slices: number; readonly told: number }> = fc.record({
  type: fc.constant('fold' as const),
  slices: fc.integer({ min: 1, max: 6 }),
  told: fc.nat({ max: 4 }),
});

/** State and its model, side by side. */
export interface ModelRun<Command> {
  run(step: Command): void;
  /** Behind the last step: everything is as the model says. */
  finish(): void;
  close(): void;
}

export interface ModelRuns<Command> {
  readonly commands: fc.Arbitrary<Command[]>;
  readonly begin: (medium: Medium, cacheBytes: number) => ModelRun<Command>;
  readonly memoryRuns: number;
  readonly lmdbRuns: number;
}

export function describeModel<Command>(state: string, promise: string, runs: ModelRuns<Command>): void {
  const media: readonly [string, () => Medium, number][] = [
    ['memory', memoryMedium, runs.memoryRuns],
    ['lmdb', lmdbMedium, runs.lmdbRuns],
  ];
  describe.each(media)(`${state} on %s`, (_name, createMedium, numRuns) => {
    it.each([
      ['room for everything', 1_000_000],
      ['a cache of a few entries', 1_200],
      ['no cache at all', 0],
    ])(`${promise}, with %s (I1, I3, I6)`, (_size, cacheBytes) => {
      fc.assert(
        fc.property(runs.commands, (steps) => {
          const medium = createMedium();
          const run = runs.begin(medium, cacheBytes);
          try {
            for (const step of steps) run.run(step);
            run.finish();
          } finally {
            run.close();
            medium.dispose();
          }
        }),
        { numRuns },
      );
    });
  });
}
