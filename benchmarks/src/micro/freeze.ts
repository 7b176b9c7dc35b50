/**
 * What keyed state does at a marker, without the rest of the engine: freeze, then encode in slices. Forked by `pause`. More
 * samples than a job could give in the time.
 */
import { join } from 'node:path';
import { type KeyedState, ownedGroups, SystemClock } from '../../../dist/model/index.js';
import { createKeyedState, openStateDirectory, openStateReader } from '../../../dist/storage/index.js';
import { Distribution, type DistributionSummary } from '../harness/distribution.ts';
import { readSettings, sendResult } from '../harness/fork.ts';

export interface FreezeSettings {
  readonly directory: string;
  readonly keys: number;
  readonly epochs: number;
  readonly warmUpEpochs: number;
  readonly sliceMs: number;
}

export interface FreezeResult {
  readonly freeze: DistributionSummary;
  readonly slice: DistributionSummary;
  /** All slices of an epoch. */
  readonly encode: DistributionSummary;
  readonly deltaBytes: number;
}

const KEY_GROUPS = 128;
const settings = readSettings<FreezeSettings>();
const clock = new SystemClock();

const directory = openStateDirectory({
  path: join(settings.directory, 'state'),
  job: 'freeze',
  keyGroups: KEY_GROUPS,
  clock,
});
const reader = openStateReader(directory.dataPath);
const state = createKeyedState({
  reader,
  node: 'count',
  subtask: 0,
  groups: ownedGroups(0, 1, KEY_GROUPS),
  keyGroups: KEY_GROUPS,
  epoch: 0,
  cacheBytes: 2 ** 28,
  clock,
});
const result = measure(state);
state.close();
reader.close();
directory.close();
sendResult(result);

function measure(keyed: KeyedState): FreezeResult {
  const counts = keyed.value<number[]>('counts');
  const cards = Array.from({ length: settings.keys }, (_, i) => `card-${String(i).padStart(7, '0')}`);
  const freeze = new Distribution();
  const slice = new Distribution();
  const encode = new Distribution();
  let deltaBytes = 0;
  for (let epoch = 1; epoch <= settings.warmUpEpochs + settings.epochs; epoch++) {
    for (const card of cards) {
      keyed.setCurrentKey(card);
      const accumulators = counts.get() ?? [0];
      accumulators[0]!++;
      counts.set(accumulators);
    }
    const isMeasured = epoch > settings.warmUpEpochs;
    const beganAt = performance.now();
    keyed.freeze(epoch);
    const frozenAt = performance.now();
    if (isMeasured) freeze.record(frozenAt - beganAt);
    let at = frozenAt;
    let isEncoded = false;
    while (!isEncoded) {
      isEncoded = keyed.encodeFrozen(settings.sliceMs);
      const now = performance.now();
      if (isMeasured) slice.record(now - at);
      at = now;
    }
    if (isMeasured) encode.record(at - frozenAt);
    deltaBytes = keyed.takeDelta()!.bytes.length;
  }
  return { freeze: freeze.summary(), slice: slice.summary(), encode: encode.summary(), deltaBytes };
}
