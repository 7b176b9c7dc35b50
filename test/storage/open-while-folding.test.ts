/** Keyed state that is opened on a thread of its own while the driver goes on committing and folding. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StateDelta } from '../../src/model/index.ts';
import { openStateDirectory, type StateDirectory } from '../../src/storage/index.ts';
import { JOB, KEY_GROUPS, SteppingClock, sealed } from './support.ts';

const EPOCHS = 30;
const KEYS = 1_500;

interface Answer {
  readonly problems: readonly string[];
  readonly deltas: readonly (StateDelta | undefined)[];
  readonly entries: number;
}

let path = '';
let directory: StateDirectory;
let worker: Worker;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'millrace-open-'));
  directory = openStateDirectory({
    path: join(path, 'state'),
    job: JOB,
    keyGroups: KEY_GROUPS,
    clock: new SteppingClock(),
    retainEpochs: 2,
    foldEveryEpochs: 2,
  });
});
afterEach(async () => {
  await worker.terminate();
  directory.close();
  rmSync(path, { recursive: true, force: true });
});

async function nextMessage(): Promise<unknown> {
  const [message] = (await once(worker, 'message')) as [unknown];
  return message;
}

describe('keyed state of a thread, while the driver folds', () => {
  it.each([
    ['a cache of a few entries', 10_000],
    ['room for everything', 10_000_000],
  ])(
    'is right when it is kept and when it is opened anew, side by side on one reader, with %s (I6)',
    async (_size, cacheBytes) => {
      const { store, dataPath } = directory;
      const generation = store.beginGeneration();
      worker = new Worker(new URL('./fixtures/opening-worker.js', import.meta.url), {
        workerData: { dataPath, keys: KEYS, keyGroups: KEY_GROUPS, every: 4, cacheBytes },
      });
      await nextMessage();
      const problems: string[] = [];
      let slicesBeside = 0;

      for (let epoch = 1; epoch <= EPOCHS; epoch++) {
        let answer: Answer | undefined;
        const answered = nextMessage().then((message) => {
          answer = message as Answer;
        });
        worker.postMessage({ epoch, foldedThrough: store.foldedThrough() });
        while (answer === undefined) {
          if (store.foldSlice()) slicesBeside++;
          await nextTurn();
        }
        await answered;
        problems.push(...answer.problems);
        store.commit(
          sealed(
            epoch,
            generation,
            answer.deltas.filter((delta) => delta !== undefined),
          ),
        );
      }

      expect(problems).toEqual([]);
      expect(store.foldedThrough()).toBeGreaterThan(0);
      expect(slicesBeside).toBeGreaterThan(0);
    },
    60_000,
  );
});
