import { describe, expect, it } from 'vitest';
import { collectTokens, sealEpoch } from '../../src/execution/seal-epoch.ts';
import type { PhysicalPlan } from '../../src/plan/index.ts';
import { snapshotOf } from '../support/snapshots.ts';

const plan: PhysicalPlan = {
  job: 'j',
  fingerprint: 'f',
  nodes: {},
  keyGroups: 128,
  workers: 1,
  stages: [],
  exchanges: [],
};
const context = {
  plan,
  previous: undefined,
  sealedTokens: new Map(),
  committedAt: 5,
  isComplete: false,
  policy: 'min' as const,
};

describe('sealing an epoch', () => {
  it('keeps the offsets of splits nobody read in this epoch', () => {
    const first = sealEpoch([snapshotOf({ subtask: '0.0', epoch: 1, offsets: { s: { a: 1, b: 2 } } })], context);
    const second = sealEpoch([snapshotOf({ subtask: '0.0', epoch: 2, offsets: { s: { a: 9 } } })], {
      ...context,
      previous: first.manifest,
    });

    expect(second.manifest.offsets).toEqual({ s: { a: 9, b: 2 } });
  });

  it('takes a split called __proto__ for plain data', () => {
    const offsets = { s: Object.fromEntries([['__proto__', 7]]) };

    const { manifest } = sealEpoch([snapshotOf({ subtask: '0.0', epoch: 1, offsets })], context);

    expect(Object.entries(manifest.offsets['s']!)).toEqual([['__proto__', 7]]);
  });

  it('adds counts to those of the epochs before', () => {
    const counts = { recordsRead: 3, recordsWritten: 2, recordsSkipped: 1, deadLetters: 0 };
    const first = sealEpoch([snapshotOf({ subtask: '0.0', epoch: 1, counts })], context);
    const second = sealEpoch(
      [snapshotOf({ subtask: '0.0', epoch: 2, counts }), snapshotOf({ subtask: '0.1', epoch: 2, counts })],
      { ...context, previous: first.manifest },
    );

    expect(second.manifest.totals).toEqual({ recordsRead: 9, recordsWritten: 6, recordsSkipped: 3, deadLetters: 0 });
  });

  it('hands tokens to the committer in subtask order, whoever was first', () => {
    const output = (subtask: number) => ({ node: 'out', subtask, output: { token: { subtask } } });

    const tokens = collectTokens([
      snapshotOf({ subtask: '1.2', epoch: 1, outputs: [output(2)] }),
      snapshotOf({ subtask: '1.0', epoch: 1, outputs: [output(0)] }),
      snapshotOf({ subtask: '1.1', epoch: 1, outputs: [output(1)] }),
    ]);

    expect(tokens.get('out')).toEqual([{ subtask: 0 }, { subtask: 1 }, { subtask: 2 }]);
  });

  it('holds the deltas, table rows and dead letters of all subtasks', () => {
    const letter = { node: 's', split: 'a', offset: '7', reason: 'r', raw: new Uint8Array(), rawBytes: 0 };
    const rows = { table: 't', block: new Uint8Array([1]), count: 1 };
    const delta = { node: 'n', subtask: 0, epoch: 1, entries: 1, bytes: new Uint8Array([2]) };

    const sealed = sealEpoch(
      [
        snapshotOf({ subtask: '0.0', epoch: 1, deadLetters: [letter] }),
        snapshotOf({
          subtask: '1.0',
          epoch: 1,
          deltas: [delta],
          outputs: [{ node: 'o', subtask: 0, output: { rows } }],
        }),
      ],
      context,
    );

    expect([sealed.deltas, sealed.rows, sealed.deadLetters]).toEqual([[delta], [rows], [letter]]);
  });

  it('keeps the token of a sink that sealed nothing this time', () => {
    const first = sealEpoch([snapshotOf({ subtask: '0.0', epoch: 1 })], {
      ...context,
      sealedTokens: new Map([['out', { length: 10 }]]),
    });
    const second = sealEpoch([snapshotOf({ subtask: '0.0', epoch: 2 })], { ...context, previous: first.manifest });

    expect(second.manifest.tokens).toEqual({ out: { length: 10 } });
  });
});
