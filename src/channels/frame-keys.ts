/**
 * Where the keys of a frame are found again: in a field of the values, in the values themselves, or nowhere. Decided by comparing
 * every key, so it holds for whatever function made them. Equal is what no program can tell apart: a field of -0 is not the key 0.
 */
import type { FieldColumns } from '../codec/record-columns.ts';
import type { Key } from '../model/index.ts';
import { KEYS_ARE_VALUES, KEYS_FROM_FIELD, KEYS_OF_THEIR_OWN } from './frame-format.ts';

type Keys = readonly (Key | undefined)[];

/** The source of `keys[0 .. count)`, as `frame-format.ts` has it. `fields` where the values were taken apart into them. */
export function findKeySource(
  keys: Keys,
  values: readonly unknown[],
  fields: FieldColumns | undefined,
  count: number,
): number {
  if (keys[0] === undefined) return KEYS_OF_THEIR_OWN;
  if (fields === undefined) return areSame(keys, values, count) ? KEYS_ARE_VALUES : KEYS_OF_THEIR_OWN;
  for (let field = 0; field < fields.length; field++) {
    if (areSame(keys, fields[field]!, count)) return KEYS_FROM_FIELD + field;
  }
  return KEYS_OF_THEIR_OWN;
}

function areSame(keys: Keys, column: readonly unknown[], count: number): boolean {
  for (let i = 0; i < count; i++) {
    const key = keys[i];
    if (!Object.is(key, column[i])) return false;
  }
  return true;
}
