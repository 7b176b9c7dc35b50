/**
 * What all states of one keyed state share: the current key, the log of changes, the cache, and the way to the base
 * tables.
 */

import { encodeKey } from '../codec/key-codec.ts';
import {
  fail,
  type Key,
  type KeyGroup,
  type KeyGroupRange,
  keyGroupOf,
  type NodeId,
  OperatorError,
} from '../model/index.ts';
import type { StatePlace } from './base-key.ts';
import { ABSENT, CELL_OVERHEAD_BYTES, Cell, type CellHome, type SubKey } from './cell.ts';
import type { CellCache } from './cell-cache.ts';
import type { ChangeLog } from './change-log.ts';
import type { DeltaReader } from './delta-reader.ts';
import type { StateReader } from './state-reader.ts';
import { decodeStored } from './stored-value.ts';

export const NO_SUB: Uint8Array = new Uint8Array(0);

export interface StateScopeOptions {
  readonly node: NodeId;
  readonly groups: KeyGroupRange;
  readonly keyGroups: number;
  readonly reader: StateReader;
  readonly cache: CellCache;
  readonly changes: ChangeLog;
}

export class StateScope {
  /** Set before each record. `undefined` before the first. */
  key: Key | undefined;

  readonly groups: KeyGroupRange;
  readonly changes: ChangeLog;
  readonly cache: CellCache;
  readonly reader: StateReader;
  readonly #options: StateScopeOptions;

  constructor(options: StateScopeOptions) {
    this.#options = options;
    this.groups = options.groups;
    this.changes = options.changes;
    this.cache = options.cache;
    this.reader = options.reader;
  }

  /** The current key where there must be one. */
  requireKey(state: string): Key {
    if (this.key !== undefined) return this.key;
    throw new OperatorError(
      `state "${state}" of "${this.#options.node}" was used while no record was being processed; use it inside process`,
      { node: this.#options.node },
    );
  }

  groupOf(key: Key): KeyGroup {
    const { groups, keyGroups, node } = this.#options;
    const group = keyGroupOf(key, keyGroups);
    if (group < groups.first || group > groups.last) {
      fail(`I11: key group ${group} of "${node}" is used by a subtask that owns ${groups.first} to ${groups.last}`);
    }
    return group;
  }

  owns(group: KeyGroup): boolean {
    return group >= this.#options.groups.first && group <= this.#options.groups.last;
  }

  place(state: string): StatePlace | undefined {
    return this.reader.place(this.#options.node, state);
  }

  /** A cell for an entry that is about to be overwritten: nothing is read. `isStored`: it may exist. */
  newCell(home: CellHome, key: Key, group: KeyGroup, sub: SubKey, isStored: boolean): Cell {
    return new Cell(home, key, group, sub, ABSENT, this.changes.guessBytes(), isStored);
  }

  /** A clean cell with what the base tables say. */
  loadCell(home: CellHome, place: StatePlace | undefined, key: Key, group: KeyGroup, sub: SubKey): Cell {
    if (place === undefined) return new Cell(home, key, group, sub, ABSENT, CELL_OVERHEAD_BYTES, false);
    const bytes = this.reader.read(place, group, encodeKey(key), home.encodeSub(sub));
    return storedCell(home, key, group, sub, bytes);
  }
}

/** A clean cell from encoded bytes; `undefined`: absent. */
export function storedCell(
  home: CellHome,
  key: Key,
  group: KeyGroup,
  sub: SubKey,
  bytes: Uint8Array | undefined,
): Cell {
  if (bytes === undefined) return new Cell(home, key, group, sub, ABSENT, CELL_OVERHEAD_BYTES, false);
  const { value, life } = decodeStored(bytes);
  return new Cell(home, key, group, sub, value, CELL_OVERHEAD_BYTES + bytes.length, true, life);
}

/** A clean cell from the current entry of a delta. */
export function restoredCell(home: CellHome, key: Key, sub: SubKey, entry: DeltaReader): Cell {
  if (entry.isDeleted) return new Cell(home, key, entry.group, sub, ABSENT, CELL_OVERHEAD_BYTES, false);
  const { value, life } = entry.decodeValue();
  return new Cell(home, key, entry.group, sub, value, CELL_OVERHEAD_BYTES + entry.valueBytes, true, life);
}
