/**
 * The port on LMDB; the only file that imports it. One environment file per job, one database per space.
 *
 * Settings that are not free (reliability F5-F9): `transactionSync` only, `overlappingSync: false`, never `noSync`,
 * `mapAsync` or `useWritemap`; keys and values as plain bytes. Workers open read-only: such a thread may be terminated
 * at any instruction, a writing one never (F1).
 */
import { type Database, open, type RootDatabase, type Transaction } from 'lmdb';
import { assert, StateError } from '../model/index.ts';
import {
  type KeyValueEntry,
  type KeyValueReader,
  type KeyValueStore,
  type KeyValueWriter,
  SPACES,
  type Space,
} from './key-value-store.ts';

type Bytes = Database<Buffer, Buffer>;

export interface LmdbReadOptions {
  /** Everything is read as it was at the opening, whatever is committed meanwhile. Keeps old pages from being reused: for short looks only. */
  readonly isPinned?: boolean;
}

class LmdbSpaces implements KeyValueReader {
  protected readonly root: RootDatabase;
  protected readonly spaces: Readonly<Record<Space, Bytes>>;
  #pinned: Transaction | undefined;
  #isOpen = true;

  constructor(path: string, isReadOnly: boolean, isPinned: boolean) {
    this.root = openEnvironment(path, isReadOnly);
    this.spaces = Object.fromEntries(SPACES.map((space) => [space, openSpace(this.root, space, path)])) as Record<
      Space,
      Bytes
    >;
    // Slots of readers that were killed would pin their pages for ever (row 35).
    if (!isReadOnly) this.root.readerCheck();
    if (isPinned) this.#pinned = this.root.useReadTransaction();
  }

  get(space: Space, key: Uint8Array): Uint8Array | undefined {
    assert(this.#isOpen, 'a closed store is not read');
    if (this.#pinned === undefined) return this.spaces[space].getBinary(asBuffer(key));
    return this.spaces[space].get(asBuffer(key), { transaction: this.#pinned });
  }

  range(space: Space, from: Uint8Array, to: Uint8Array, limit: number): KeyValueEntry[] {
    assert(this.#isOpen, 'a closed store is not read');
    const pin = this.#pinned === undefined ? {} : { transaction: this.#pinned };
    return Array.from(this.spaces[space].getRange({ start: asBuffer(from), end: asBuffer(to), limit, ...pin }));
  }

  keys(space: Space, from: Uint8Array, to: Uint8Array, limit: number): Uint8Array[] {
    assert(this.#isOpen, 'a closed store is not read');
    const pin = this.#pinned === undefined ? {} : { transaction: this.#pinned };
    return Array.from(this.spaces[space].getKeys({ start: asBuffer(from), end: asBuffer(to), limit, ...pin }));
  }

  last(space: Space): KeyValueEntry | undefined {
    assert(this.#isOpen, 'a closed store is not read');
    const pin = this.#pinned === undefined ? {} : { transaction: this.#pinned };
    return Array.from(this.spaces[space].getRange({ reverse: true, limit: 1, ...pin }))[0];
  }

  refresh(): void {
    if (this.#pinned === undefined) this.root.resetReadTxn();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#pinned?.done();
    // Nothing was queued, hence the environment is closed when the call returns; the promise has nothing to add.
    void this.root.close();
  }
}

/** For the driver thread, the only writer of the environment (I5). */
export class LmdbKeyValueStore extends LmdbSpaces implements KeyValueStore {
  #isInTransaction = false;

  /** `path` names the data file; it is created when missing. */
  constructor(path: string) {
    super(path, false, false);
  }

  transact(body: (writer: KeyValueWriter) => void): void {
    assert(!this.#isInTransaction, 'I5: transactions are not nested');
    this.#isInTransaction = true;
    try {
      this.root.transactionSync(() => {
        body({
          get: (space, key) => this.get(space, key),
          keys: (space, from, to, limit) => this.keys(space, from, to, limit),
          put: (space, key, value) => this.spaces[space].putSync(asBuffer(key), asBuffer(value)),
          remove: (space, key) => void this.spaces[space].removeSync(asBuffer(key)),
        });
      });
    } finally {
      this.#isInTransaction = false;
    }
  }
}

/** For workers and inspection. */
export class LmdbKeyValueReader extends LmdbSpaces {
  constructor(path: string, options: LmdbReadOptions = {}) {
    super(path, true, options.isPinned === true);
  }
}

function openEnvironment(path: string, isReadOnly: boolean): RootDatabase {
  try {
    return open({
      path,
      noSubdir: true,
      readOnly: isReadOnly,
      overlappingSync: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxDbs: SPACES.length + 1,
      // One slot per reading thread; the default of 126 is too few for wide machines with several jobs.
      maxReaders: 512,
    });
  } catch (cause) {
    throw new StateError(`the state file ${path} cannot be opened: ${String(cause)}; check that it is readable`, {
      cause,
    });
  }
}

function openSpace(root: RootDatabase, space: Space, path: string): Bytes {
  const database = root.openDB<Buffer, Buffer>({ name: space, encoding: 'binary', keyEncoding: 'binary' });
  // A read-only environment answers a missing database with nothing at all.
  if (database === undefined) {
    throw new StateError(`the state file ${path} has no part "${space}"; it is damaged or not a Millrace state file`, {
      code: 'ERR_CORRUPTION',
    });
  }
  return database;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
