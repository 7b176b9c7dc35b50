import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeKey } from '../../src/codec/key-codec.ts';
import { decodeValue } from '../../src/codec/value-codec.ts';
import { baseKey } from '../../src/storage/base-key.ts';
import { openRecord } from '../../src/storage/base-record.ts';
import { Catalog } from '../../src/storage/catalog.ts';
import { ABSENT } from '../../src/storage/cell.ts';
import { DeltaBuilder } from '../../src/storage/delta-builder.ts';
import type { DeltaState } from '../../src/storage/delta-format.ts';
import { DeltaReader } from '../../src/storage/delta-reader.ts';
import { FoldMerge, type FoldWrite } from '../../src/storage/fold-merge.ts';

const STATES: readonly DeltaState[] = [
  { name: 'total', kind: 'value' },
  { name: 'seen', kind: 'map' },
];

interface Change {
  readonly group: number;
  readonly name: string;
  readonly key: string;
  readonly sub: string;
  /** `undefined`: deleted. */
  readonly value: number | undefined;
}

/** Keys of which one begins as the other, and such as are hashed in the base tables. */
const part = fc.constantFrom('', 'a', 'ab', 'b', 'a'.repeat(300), 'a'.repeat(950), `${'a'.repeat(950)}b`);
const change: fc.Arbitrary<Change> = fc.record({
  group: fc.constantFrom(0, 1, 9),
  name: fc.constantFrom('total', 'seen'),
  key: part,
  sub: part,
  value: fc.option(fc.nat(), { nil: undefined }),
});
/** Of one node and epoch. The states may be numbered otherwise in each. */
const changesOfEpoch = fc.record({
  node: fc.constantFrom('one', 'two'),
  isReversed: fc.boolean(),
  changes: fc.uniqueArray(change, { selector: placeOf, maxLength: 12 }),
});

function placeOf({ group, name, key, sub }: Change): string {
  return JSON.stringify([group, name, key, sub]);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function takeAll(merge: FoldMerge, limit: number): FoldWrite[] {
  const all: FoldWrite[] = [];
  for (;;) {
    const some = merge.take(limit, 1e6);
    if (some.length === 0) return all;
    expect(some.length).toBeLessThanOrEqual(limit);
    all.push(...some);
  }
}

describe('a merge of deltas', () => {
  it('has the last write of each entry once, those of a group together, whatever the size of its steps', () => {
    fc.assert(
      fc.property(
        fc.array(changesOfEpoch, { maxLength: 6 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        (epochs, absorbed, taken) => {
          const catalog = Catalog.empty();
          const merge = new FoldMerge();
          const expected = new Map<string, number | undefined>();
          epochs.forEach(({ node, isReversed, changes }, index) => {
            const states = isReversed ? STATES.toReversed() : STATES;
            catalog.ensure(node, states);
            const builder = new DeltaBuilder({ node, subtask: 0, epoch: index + 1, states }, 100);
            for (const { group, name, key, sub, value } of changes) {
              const state = states.findIndex((each) => each.name === name);
              builder.add(group, state, key, Buffer.from(sub), value ?? ABSENT);
              const storedUnder = baseKey(catalog.place(node, name)!, group, encodeKey(key), Buffer.from(sub));
              expected.set(hex(storedUnder), value);
            }
            const delta = new DeltaReader(builder.finish(), 'a delta');
            while (merge.absorb(delta, catalog, absorbed));
          });

          const writes = takeAll(merge, taken);

          const found = writes.map(({ key, record }): [string, unknown] => [
            hex(key),
            record === undefined ? undefined : decodeValue(openRecord(key, record, 'a record').value),
          ]);
          expect(found.length).toBe(expected.size);
          expect(new Map(found)).toEqual(expected);
          const groups = writes.map(({ node, group }) => `${node} ${group}`);
          const runs = groups.filter((group, index) => group !== groups[index - 1]);
          expect(new Set(runs).size).toBe(runs.length);
        },
      ),
    );
  });

  it('gives entries of short keys in the order of the base tables', () => {
    const catalog = Catalog.empty();
    catalog.ensure('one', STATES);
    const builder = new DeltaBuilder({ node: 'one', subtask: 0, epoch: 1, states: STATES }, 100);
    for (const [key, sub] of [
      ['b', 'z'],
      ['ab', ''],
      ['b', 'aa'],
      ['a', ''],
      ['b', 'b'],
    ] as const)
      builder.add(3, 1, key, Buffer.from(sub), 1);
    const merge = new FoldMerge();
    while (merge.absorb(new DeltaReader(builder.finish(), 'a delta'), catalog, 100));

    const keys = takeAll(merge, 100).map(({ key }) => hex(key));

    expect(keys).toHaveLength(5);
    expect(keys).toEqual(keys.toSorted());
  });
});
