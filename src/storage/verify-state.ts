/**
 * Checks every checksum and every count of a state directory (reliability F8). Damage is reported, never thrown; what
 * LMDB itself does with a damaged file may still end the process, hence this runs in one of its own (`millrace state`).
 */
import type { Epoch } from '../model/index.ts';
import { groupKey, splitBaseKey } from './base-key.ts';
import { openRecord } from './base-record.ts';
import { DeltaReader } from './delta-reader.ts';
import { decodeGroupDigest, EMPTY_GROUP, type GroupDigest, replaceInDigest } from './group-digest.ts';
import type { KeyValueEntry, KeyValueReader, Space } from './key-value-store.ts';
import { openManifest, readCatalog, readFoldProgress, readGeneration, readPlan } from './ledger.ts';
import { resolvePlan } from './resolve-plan.ts';
import { scanSpace } from './scan-space.ts';
import { unsealBytes } from './sealed-bytes.ts';
import { epochOfKey, KEY_SPACE_END, KEY_SPACE_START } from './store-key.ts';

/** Problems listed one by one; further ones are only counted. */
const PROBLEMS_LISTED_MAX = 100;

export interface VerifyReport {
  /** One sentence each, the first {@link PROBLEMS_LISTED_MAX}. Empty: everything that is stored is as it was written. */
  readonly problems: readonly string[];
  readonly problemCount: number;
  readonly manifests: number;
  /** 1 when a batch is planned and not committed, 0 otherwise. */
  readonly plans: number;
  readonly deltas: number;
  readonly entries: number;
  readonly rows: number;
  readonly deadLetters: number;
}

export function verifyState(store: Pick<KeyValueReader, 'get' | 'range'>): VerifyReport {
  const log = new ProblemLog();
  log.check('generation', () => readGeneration(store));
  log.check('catalog', () => readCatalog(store));
  const { manifests, plans } = verifyEpochs(store, log);
  const deltas = verifyEach(store, 'deltas', log, ({ key, value }) => verifyDelta(key, value, log));
  const entries = verifyBase(store, log);
  const rows = verifyEach(store, 'tables', log, ({ key, value }) => openRecord(key, value, 'a row of a table'));
  const deadLetters = verifyEach(store, 'dead-letters', log, ({ key, value }) =>
    unsealBytes(key, value, `a dead letter of epoch ${epochOfKey(key)}`),
  );
  const { listed: problems, count: problemCount } = log;
  return { problems, problemCount, manifests, plans, deltas, entries, rows, deadLetters };
}

function verifyEpochs(
  store: Pick<KeyValueReader, 'get' | 'range'>,
  log: ProblemLog,
): { readonly manifests: number; readonly plans: number } {
  let before: Epoch | undefined;
  const manifests = verifyEach(store, 'manifests', log, ({ key, value }) => {
    const epoch = epochOfKey(key);
    if (before !== undefined && epoch !== before + 1) log.add(`I2: epoch ${epoch} follows epoch ${before}`);
    before = epoch;
    openManifest(key, value);
  });
  log.check('fold progress', () => {
    const { through, target } = readFoldProgress(store);
    const ahead = target ?? through;
    if (ahead > (before ?? 0)) log.add(`I6: the base tables are at epoch ${ahead}, the latest is ${before ?? 0}`);
  });
  let plans = 0;
  log.check('plan', () => {
    if (resolvePlan(readPlan(store), before ?? 0) !== undefined) plans = 1;
  });
  return { manifests, plans };
}

function verifyDelta(key: Uint8Array, value: Uint8Array, log: ProblemLog): void {
  const epoch = epochOfKey(key);
  const delta = new DeltaReader(value, `a delta of epoch ${epoch}`);
  if (delta.epoch !== epoch) log.add(`a delta of epoch ${delta.epoch} is stored under epoch ${epoch}`);
}

function verifyBase(store: Pick<KeyValueReader, 'get' | 'range'>, log: ProblemLog): number {
  const found = new Map<string, { node: number; group: number; digest: GroupDigest }>();
  const count = verifyEach(store, 'state', log, ({ key, value }) => {
    const { node, group } = splitBaseKey(key);
    const name = hex(groupKey(node, group));
    const digest = replaceInDigest(found.get(name)?.digest ?? EMPTY_GROUP, undefined, value);
    found.set(name, { node, group, digest });
    openRecord(key, value, `an entry of node ${node}, key group ${group},`);
  });
  verifyEach(store, 'groups', log, ({ key, value }) => {
    const { node, group } = splitBaseKey(Buffer.concat([key, new Uint8Array(4)]));
    const digest = found.get(hex(key))?.digest ?? EMPTY_GROUP;
    found.delete(hex(key));
    const expected = decodeGroupDigest(key, value);
    if (digest.count !== expected.count) {
      log.add(`key group ${group} of node ${node} has ${digest.count} entries where ${expected.count} were written`);
    } else if (digest.digest !== expected.digest) {
      log.add(`key group ${group} of node ${node} holds other entries than were written`);
    }
  });
  for (const { node, group } of found.values()) log.add(`key group ${group} of node ${node} has lost its digest`);
  return count;
}

function verifyEach(
  store: Pick<KeyValueReader, 'range'>,
  space: Space,
  log: ProblemLog,
  verify: (entry: KeyValueEntry) => unknown,
): number {
  let count = 0;
  log.check(space, () => {
    for (const entry of scanSpace(store, space, KEY_SPACE_START, KEY_SPACE_END)) {
      count++;
      log.check(space, () => verify(entry));
    }
  });
  return count;
}

class ProblemLog {
  readonly listed: string[] = [];
  count = 0;

  add(problem: string): void {
    this.count++;
    if (this.listed.length < PROBLEMS_LISTED_MAX) this.listed.push(problem);
  }

  check(what: string, body: () => unknown): void {
    try {
      body();
    } catch (error) {
      this.add(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
