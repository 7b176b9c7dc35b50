import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeKey, encodeKey, encodeKeyInto } from '../../src/codec/key-codec.ts';
import { decodeValue } from '../../src/codec/value-codec.ts';
import { CorruptionError, type Key } from '../../src/model/index.ts';
import { ABSENT } from '../../src/storage/cell.ts';
import { DeltaBuilder } from '../../src/storage/delta-builder.ts';
import { DeltaReader } from '../../src/storage/delta-reader.ts';

const HEAD = {
  node: 'count',
  subtask: 3,
  epoch: 2 ** 40,
  states: [
    { name: 'total', kind: 'value' },
    { name: 'parts', kind: 'map' },
  ],
} as const;

const anyKey: fc.Arbitrary<Key> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
);

const anyEntry = fc.record({
  group: fc.nat({ max: 0xffff }),
  state: fc.nat({ max: 1 }),
  key: anyKey,
  sub: fc.uint8Array({ maxLength: 2000 }),
  value: fc.oneof(fc.constant(ABSENT), fc.string({ maxLength: 3000 }), fc.integer()),
});

describe('a delta', () => {
  it('gives back what was put in, whatever the size its builder expected', () => {
    fc.assert(
      fc.property(fc.array(anyEntry), fc.nat({ max: 10_000 }), (entries, expectedBytes) => {
        const builder = new DeltaBuilder(HEAD, expectedBytes);
        for (const { group, state, key, sub, value } of entries) {
          builder.add(group, state, key, sub, value);
          if (group % 3 === 0) builder.settle();
        }
        const bytes = builder.finish();

        const delta = new DeltaReader(bytes, 'it');

        const { node, subtask, epoch, states } = delta;
        expect({ node, subtask, epoch, states }).toEqual(HEAD);
        expect(delta.entries).toBe(entries.length);
        for (const entry of entries) {
          expect(delta.next()).toBe(true);
          expect([delta.group, delta.state]).toEqual([entry.group, entry.state]);
          expect(decodeKey(delta.key)).toEqual(entry.key);
          expect([...delta.sub]).toEqual([...entry.sub]);
          expect(delta.value === undefined ? ABSENT : decodeValue(delta.value)).toBe(entry.value);
        }
        expect(delta.next()).toBe(false);
      }),
    );
  });

  it('is refused with any single bit changed, and at any length but its own (F8)', () => {
    const builder = new DeltaBuilder(HEAD, 0);
    builder.add(1, 0, 'key', new Uint8Array(0), { n: 1 });
    builder.add(2, 1, 12, encodeKey('sub'), ABSENT);
    const bytes = builder.finish();

    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => new DeltaReader(damaged, `bit ${bit}`)).toThrow(CorruptionError);
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(() => new DeltaReader(bytes.slice(0, length), `length ${length}`)).toThrow(CorruptionError);
    }
  });
});

describe('encodeKeyInto', () => {
  it('writes what encodeKey returns, or says that it does not fit', () => {
    fc.assert(
      fc.property(anyKey, fc.nat({ max: 10 }), fc.nat({ max: 120 }), (key, offset, room) => {
        const expected = encodeKey(key);
        const target = new Uint8Array(offset + room);

        const end = encodeKeyInto(key, target, offset);

        if (room < expected.length) expect(end).toBe(-1);
        else expect([...target.subarray(offset, end)]).toEqual([...expected]);
      }),
    );
  });
});
