/** What a keyed state needs of each of its states, whatever its kind. */
import type { Key, KeyGroup, StateKind } from '../model/index.ts';
import type { Cell, CellHome } from './cell.ts';

export interface StateTable extends CellHome {
  readonly kind: StateKind;
  readonly name: string;
  /** The base tables may now hold entries of this state that they did not hold before. */
  relocate(): void;
  /** Takes an entry of an unfolded delta into memory, newest first; `undefined` when a newer one is there already. */
  restore(key: Key, group: KeyGroup, sub: Uint8Array, value: Uint8Array | undefined): Cell | undefined;
  /** An endless walk over the cells, for eviction; `undefined` once per round. */
  hand(): Iterator<Cell | undefined>;
}
