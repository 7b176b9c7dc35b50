import { describe, expect, it } from 'vitest';
import { foldAhead } from '../../src/execution/fold-ahead.ts';
import type { CheckpointManifest } from '../../src/model/index.ts';
import { SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { RecordingStore } from '../support/recording-store.ts';

const RETAIN = 2;

/** Folds one epoch with each slice, as long as `latest` allows it. */
class EpochByEpoch extends RecordingStore {
  newest: number;
  folded = 0;
  slices = 0;
  isBroken = false;

  constructor(newest: number) {
    super();
    this.newest = newest;
  }

  override latest(): CheckpointManifest | undefined {
    return this.newest === 0 ? undefined : ({ epoch: this.newest } as CheckpointManifest);
  }

  override foldedThrough(): number {
    return this.folded;
  }

  override foldSlice(when: 'due' | 'early' = 'due'): boolean {
    expect(when).toBe('early');
    if (this.isBroken) throw new Error('no space left');
    this.slices++;
    if (this.folded < this.newest - RETAIN + 1) this.folded++;
    return this.folded < this.newest - RETAIN + 1;
  }
}

/** Drives it to its end; `onPause` is what happens elsewhere between two slices. */
async function fold(
  store: EpochByEpoch,
  isOpen: () => boolean = () => true,
  onPause: () => void = () => {},
): Promise<number> {
  const clock = new SimulatedClock();
  let isDone = false;
  const folding = foldAhead({ store, clock, retainEpochs: RETAIN, isOpen }).finally(() => {
    isDone = true;
  });
  folding.catch(() => {});
  while (!isDone) {
    await new Promise((done) => setImmediate(done));
    if (isDone) break;
    onPause();
    clock.advance(1);
  }
  await folding;
  return clock.monotonic();
}

describe('folding ahead of a planned end', () => {
  it('folds all that was committed and is not retained', async () => {
    const store = new EpochByEpoch(9);

    await fold(store);

    expect(store.folded).toBe(8);
    expect(store.slices).toBe(8);
  });

  it.each([0, 1])('has nothing to fold behind %i epochs', async (newest) => {
    const store = new EpochByEpoch(newest);

    await fold(store);

    expect(store.slices).toBe(0);
  });

  it('does not run after epochs that are committed meanwhile', async () => {
    const store = new EpochByEpoch(5);

    await fold(store, undefined, () => {
      store.newest++;
    });

    expect(store.folded).toBe(4);
  });

  it('ends as soon as the store is closed', async () => {
    const store = new EpochByEpoch(100);

    await fold(store, () => store.folded < 3);

    expect(store.folded).toBe(3);
  });

  it('gives up on a backlog that takes too long', async () => {
    const store = new EpochByEpoch(1_000_000);

    const tookMs = await fold(store);

    expect(tookMs).toBe(2000);
    expect(store.folded).toBe(2000);
  });

  it('rejects when a slice fails', async () => {
    const store = new EpochByEpoch(9);
    store.isBroken = true;

    await expect(fold(store)).rejects.toThrow('no space left');
  });
});
