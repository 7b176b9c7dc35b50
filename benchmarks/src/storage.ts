/** What an epoch costs the driver thread: the durable transaction, and the folding behind it. For orientation. */
import type { Benchmark, BenchmarkResult } from './harness/benchmark.ts';
import { figuresOf } from './harness/distribution.ts';
import { measureIn } from './harness/fork.ts';
import type { CommitResult, CommitSettings } from './micro/commit.ts';

const KEYS = 1_000_000;
const DIRTY_KEYS = 10_000;
const EPOCHS = 300;

export const storage: Benchmark = {
  name: 'storage',
  question: 'how long do the commit and the fold of an epoch take?',
  run: async (context): Promise<BenchmarkResult> => {
    context.progress('fill, then epochs');
    const settings: CommitSettings = {
      directory: context.freshDirectory(),
      keys: KEYS,
      dirtyKeys: DIRTY_KEYS,
      epochs: Math.ceil(EPOCHS * context.scale),
      warmUpEpochs: 10,
    };
    const result = await measureIn<CommitResult>(new URL('./micro/commit.js', import.meta.url), settings);
    return {
      conditions: {
        keys: KEYS,
        'dirty keys per epoch': `${DIRTY_KEYS} random`,
        value: 'an array of one number',
        fsync: true,
        'fold every epochs': 8,
        'delta bytes': result.deltaBytes,
        'fill s': result.fillSeconds,
      },
      measurements: [
        { of: 'encode the delta (worker)', figures: figuresOf(result.encode) },
        { of: 'commit, one transaction with fsync (driver)', figures: figuresOf(result.commit) },
        { of: 'one slice of a fold (driver)', figures: figuresOf(result.foldSlice) },
        { of: 'all slices of a fold of 8 epochs', figures: figuresOf(result.fold) },
      ],
    };
  },
};
