/**
 * The port to an ordered, transactional store of bytes. Two media implement it (LMDB and memory); everything above it is
 * one code for both.
 *
 * Keys are compared byte by byte. Returned arrays belong to the caller. A key has 1 to {@link STORE_KEY_BYTES_MAX} bytes.
 */

/**
 * `meta`: generation, fold progress, catalog, planned batch. `manifests`: one per retained epoch. `deltas`: one blob per
 * epoch, node and subtask. `state`: the base tables. `groups`: count and digest of each key group of the base tables.
 * `tables`: rows of table sinks. `dead-letters`: refused records.
 */
export const SPACES: readonly ['meta', 'manifests', 'deltas', 'state', 'groups', 'tables', 'dead-letters'] = [
  'meta',
  'manifests',
  'deltas',
  'state',
  'groups',
  'tables',
  'dead-letters',
];

export type Space = (typeof SPACES)[number];

/** LMDB's own limit with pages of 4 KiB. */
export const STORE_KEY_BYTES_MAX: number = 1978;

export interface KeyValueEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface KeyValueReader {
  get(space: Space, key: Uint8Array): Uint8Array | undefined;
  /** Entries of `from <= key < to`, ascending, at most `limit` of them, materialised: no cursor stays open. */
  range(space: Space, from: Uint8Array, to: Uint8Array, limit: number): KeyValueEntry[];
  /** As {@link range}, without reading the values. */
  keys(space: Space, from: Uint8Array, to: Uint8Array, limit: number): Uint8Array[];
  /** The last entry of a space. */
  last(space: Space): KeyValueEntry | undefined;
  /** Makes everything committed until now visible. Without it a reader on another thread may see an older state. */
  refresh(): void;
  close(): void;
}

export interface KeyValueStore extends KeyValueReader {
  /**
   * One durable transaction: when it returns, `body` has happened as a whole; when it throws, not at all. `body` sees its
   * own writes. Never nested, never asynchronous, no user code inside (reliability F1).
   */
  transact(body: (writer: KeyValueWriter) => void): void;
}

/** Exists only inside a transaction. */
export interface KeyValueWriter {
  get(space: Space, key: Uint8Array): Uint8Array | undefined;
  keys(space: Space, from: Uint8Array, to: Uint8Array, limit: number): Uint8Array[];
  put(space: Space, key: Uint8Array, value: Uint8Array): void;
  remove(space: Space, key: Uint8Array): void;
}
