/** What a keyed state needs of each of its states, whatever its kind. */
import type { StateKind } from '../model/index.ts';
import type { Cell, CellHome } from './cell.ts';
import type { DeltaReader } from './delta-reader.ts';

export interface StateTable extends CellHome {
  readonly kind: StateKind;
  readonly name: string;
  /** The base tables may now hold entries of this state that they did not hold before. */
  relocate(): void;
  /** Takes the current entry of an unfolded delta into memory, newest first; `undefined` when a newer one is there already. */
  restore(entry: DeltaReader): Cell | undefined;
  /** An endless walk over the cells, for eviction; `undefined` once per round. */
  hand(): Iterator<Cell | undefined>;
}
