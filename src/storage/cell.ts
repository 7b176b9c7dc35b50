/**
 * One entry of keyed state in memory: the unit that is changed, frozen, encoded, folded and evicted.
 *
 *            set                freeze              encode                 fold
 *   clean ────────> dirty ──────────────> frozen ──────────────> pinned ─────────> clean ──> evicted
 *             serial = current      serial = frozen        pinnedBy = epoch
 *
 * The states are numbers that are compared, not flags that are reset, so freezing and unpinning touch no cell. A pinned
 * cell may be dirty again: then the newer change is frozen and pinned in its turn.
 *
 * An entry that was made and deleted between two freezes, and of which nothing was written before, is clean again: its epoch knows nothing of it.
 */
import type { Epoch, Key, KeyGroup } from '../model/index.ts';
import type { EntryLife } from './entry-life.ts';

/** Value of a cell whose entry does not exist: deleted, or looked for in vain. */
export const ABSENT: unique symbol = Symbol('absent');

/**
 * What a cell costs besides its encoded value: object, slot in a `Map`, decoded key. Measured on Node 20, rounded up: 180 for a timer, 220 for
 * a value, 290 for the only entry of a map.
 */
export const CELL_OVERHEAD_BYTES = 300;

/** Not dirty and not frozen. Real serials begin at 1. */
export const SERIAL_NONE = 0;

/** Where an entry stands inside its key: nowhere for a value, a key for a map, a number for a list. */
export type SubKey = Key | undefined;

/** What a cell needs of the state it belongs to. */
export interface CellHome {
  /** Name of the state. */
  readonly name: string;
  /** Its number in the delta being built. */
  readonly index: number;
  encodeSub(sub: SubKey): Uint8Array;
  /** Takes the cell out of the lookup structures: it is about to be evicted. */
  forget(cell: Cell): void;
}

export class Cell {
  readonly home: CellHome;
  readonly key: Key;
  readonly group: KeyGroup;
  readonly sub: SubKey;
  value: unknown;
  /** `undefined`: the entry lives for ever, or does not exist. */
  life: EntryLife | undefined;
  /** Serial of the epoch in which the cell was last changed and not yet encoded. */
  serial: number = SERIAL_NONE;
  /** Place among the changed cells, while its serial is that of the current epoch. */
  dirtyAt = 0;
  /** Newest epoch whose delta holds this cell: not evictable until that is folded. */
  pinnedBy: Epoch = 0;
  /** Estimate of the memory it takes. */
  bytes: number;
  /** Whether the entry may exist in what was written last of it, in the base tables or a delta. */
  isStored: boolean;
  /** Used since the eviction hand last passed. */
  isHot = true;

  constructor(
    home: CellHome,
    key: Key,
    group: KeyGroup,
    sub: SubKey,
    value: unknown,
    bytes: number,
    isStored: boolean,
    life?: EntryLife,
  ) {
    this.home = home;
    this.key = key;
    this.group = group;
    this.sub = sub;
    this.value = value;
    this.bytes = bytes;
    this.isStored = isStored;
    this.life = life;
  }
}
