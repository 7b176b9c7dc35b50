/** Arbitrary values of the value domain, with the names and contents that codecs get wrong. */
import fc from 'fast-check';

const nastyNames = [
  '__proto__',
  '__keys__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'toJSON',
  'valueOf',
  '',
  '0',
  'a b',
  '\ufeff',
  '\ud800',
];

const nastyTexts = [
  '\ufeffmark',
  `\ufeff${'m'.repeat(100)}`,
  '\ud800',
  'x\udfff',
  'ÿ',
  'Ā',
  '😀',
  'longer than thirteen characters',
  'n'.repeat(300),
  'é'.repeat(70),
];

const text: fc.Arbitrary<string> = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...nastyTexts));

const name: fc.Arbitrary<string> = fc.oneof(fc.constantFrom(...nastyNames), fc.string({ maxLength: 6 }));

/** Without -0, which may arrive as 0. */
const number: fc.Arbitrary<number> = fc.oneof(fc.integer(), fc.double()).map((value) => (value === 0 ? 0 : value));

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, undefined, true, false),
  number,
  text,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.float64Array({ maxLength: 4 }),
  fc.int16Array({ maxLength: 4 }),
  fc.bigUint64Array({ maxLength: 3 }),
);

function withFields(fields: readonly (readonly [string, unknown])[], prototype: object | null): object {
  const object = Object.create(prototype) as object;
  for (const [field, value] of fields) {
    Object.defineProperty(object, field, { value, writable: true, enumerable: true, configurable: true });
  }
  return object;
}

/** Any value of the domain. */
export const domainValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const value = tie('value');
  const fields = fc.array(fc.tuple(name, value), { maxLength: 5 });
  return {
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 4, arbitrary: leaf },
      { weight: 3, arbitrary: fields.map((entries) => withFields(entries, Object.prototype)) },
      { weight: 1, arbitrary: fields.map((entries) => withFields(entries, null)) },
      { weight: 2, arbitrary: fc.array(value, { maxLength: 5 }) },
      { weight: 1, arbitrary: fc.array(fc.tuple(value, value), { maxLength: 4 }).map((entries) => new Map(entries)) },
      { weight: 1, arbitrary: fc.array(value, { maxLength: 4 }).map((members) => new Set(members)) },
    ),
  };
}).value;

/** Batches as channels see them: often of one shape, sometimes with an odd one out. */
export const domainBatch: fc.Arbitrary<unknown[]> = fc.oneof(
  fc.array(domainValue, { minLength: 1, maxLength: 20 }),
  fc.uniqueArray(name, { minLength: 1, maxLength: 8 }).chain((names) =>
    fc.array(
      fc.tuple(...names.map(() => fc.oneof(leaf, number, text, domainValue))).map((row) =>
        withFields(
          names.map((field, at) => [field, row[at]] as const),
          Object.prototype,
        ),
      ),
      { minLength: 1, maxLength: 30 },
    ),
  ),
  fc.array(number, { minLength: 1, maxLength: 30 }),
  fc.array(text, { minLength: 1, maxLength: 30 }),
  fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
);
