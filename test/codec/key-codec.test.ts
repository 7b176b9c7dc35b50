import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeKey, decodeKeyAt, encodeKey } from '../../src/codec/key-codec.ts';
import { CorruptionError, canonicalKey, type Key } from '../../src/model/index.ts';

const key: fc.Arbitrary<Key> = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.boolean(),
  )
  .map(canonicalKey);

function hex(value: Key): string {
  return Buffer.from(encodeKey(value)).toString('hex');
}

describe('the key codec', () => {
  test('brings back every key', () => {
    fc.assert(
      fc.property(key, (value) => {
        expect(decodeKey(encodeKey(value))).toBe(value);
      }),
      { numRuns: 1_000 },
    );
  });

  test('brings back a key from the middle of a buffer', () => {
    fc.assert(
      fc.property(key, (value) => {
        const bytes = encodeKey(value);
        const buffer = Buffer.concat([Buffer.from([5, 5]), bytes, Buffer.from([5])]);

        expect(decodeKeyAt(buffer, 2, 2 + bytes.length)).toBe(value);
      }),
    );
  });

  test('gives distinct keys distinct bytes', () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        expect(hex(one) === hex(other)).toBe(Object.is(one, other));
      }),
      { numRuns: 1_000 },
    );
    expect(hex('\ud800')).not.toBe(hex('\udfff'));
    expect(hex('\ufeffa')).not.toBe(hex('a'));
    expect(decodeKey(encodeKey('\ufeffa'))).toBe('\ufeffa');
  });

  test('its bytes are part of the state format', () => {
    expect(hex(false)).toBe('01');
    expect(hex(true)).toBe('02');
    expect(hex(1.5)).toBe('033ff8000000000000');
    expect(hex(Number.NaN)).toBe('037ff8000000000000');
    expect(hex(-12n)).toBe('042d3132');
    expect(hex('aé')).toBe('0561c3a9');
    expect(hex('\ud800')).toBe('0600d8');
  });

  test('an unknown tag is damage', () => {
    expect(() => decodeKey(Uint8Array.of(99, 1))).toThrow(CorruptionError);
  });
});
