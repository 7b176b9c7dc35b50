/**
 * Bytes of a state delta: what one subtask changed in the state of one node in one epoch. Self-contained and checksummed;
 * written by the worker, kept as it is by the driver, read again by fold, restore and inspection.
 *
 *   0 u32 magic   4 u32 checksum   8 u32 entries   12 f64 epoch   20 u32 subtask
 *   24 [u16 length, node]  [u16 states, each: u8 kind, u16 length, name]
 *   then each entry: [u16 group][u16 state][u32 length, key][u32 length, sub key][u32 length, value]
 *
 * Little endian. A value may have its life in front of it (`entry-life.ts`); its length 0xffffffff means "deleted". The checksum runs over the entries first and the head (from
 * byte 8) after them, so that a writer can compute it slice by slice.
 */
import type { StateKind } from '../model/index.ts';

export const DELTA_MAGIC: number = 0x3144524d;
export const DELTA_CHECKSUM_AT: number = 4;
export const DELTA_ENTRIES_AT: number = 8;
export const DELTA_EPOCH_AT: number = 12;
export const DELTA_SUBTASK_AT: number = 20;
export const DELTA_NAMES_AT: number = 24;
export const DELTA_DELETED: number = 0xffffffff;

/** Bytes an entry takes besides key, sub key and value. */
export const DELTA_ENTRY_OVERHEAD_BYTES: number = 16;

/** Index in this list is the number in the bytes: never reorder. */
export const STATE_KINDS: readonly StateKind[] = ['value', 'list', 'map', 'timers'];

export interface DeltaState {
  readonly name: string;
  readonly kind: StateKind;
}
