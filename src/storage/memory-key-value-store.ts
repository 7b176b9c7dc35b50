/**
 * The port in memory: for tests, the operator harness and the simulator. A `MemoryDisk` outlives the stores and readers
 * opened on it, so a test crashes by dropping a store and reopens by making another.
 *
 * Transactions are undone as a whole when they throw, and bytes are copied in and out, so that nobody can change what is
 * "on disk" by holding on to an array.
 */
import { assert } from '../model/index.ts';
import {
  type KeyValueEntry,
  type KeyValueStore,
  type KeyValueWriter,
  SPACES,
  type Space,
  STORE_KEY_BYTES_MAX,
} from './key-value-store.ts';

/** One space: values by key (bytes as latin1, whose code unit order is byte order), and the keys in order when needed. */
class MemorySpace {
  readonly values: Map<string, Uint8Array> = new Map();
  #sorted: string[] | undefined;

  put(key: string, value: Uint8Array): void {
    if (!this.values.has(key)) this.#sorted = undefined;
    this.values.set(key, value);
  }

  remove(key: string): void {
    if (this.values.delete(key)) this.#sorted = undefined;
  }

  sorted(): readonly string[] {
    this.#sorted ??= [...this.values.keys()].sort();
    return this.#sorted;
  }

  /** Index of the first key that is not below `key`. */
  lowerBound(key: string): number {
    const keys = this.sorted();
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What survives a crash. */
export class MemoryDisk {
  readonly spaces: Readonly<Record<Space, MemorySpace>> = Object.fromEntries(
    SPACES.map((space) => [space, new MemorySpace()]),
  ) as Record<Space, MemorySpace>;
}

export class MemoryKeyValueStore implements KeyValueStore {
  readonly #disk: MemoryDisk;
  #undo: (() => void)[] | undefined;
  #isOpen = true;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  get(space: Space, key: Uint8Array): Uint8Array | undefined {
    assert(this.#isOpen, 'a closed store is not read');
    return copyOf(this.#disk.spaces[space].values.get(text(key)));
  }

  range(space: Space, from: Uint8Array, to: Uint8Array, limit: number): KeyValueEntry[] {
    const { values } = this.#disk.spaces[space];
    return this.#keysBetween(space, from, to, limit).map((key) => ({
      key: bytes(key),
      value: copyOf(values.get(key)!),
    }));
  }

  keys(space: Space, from: Uint8Array, to: Uint8Array, limit: number): Uint8Array[] {
    return this.#keysBetween(space, from, to, limit).map(bytes);
  }

  last(space: Space): KeyValueEntry | undefined {
    const key = this.#disk.spaces[space].sorted().at(-1);
    return key === undefined
      ? undefined
      : { key: bytes(key), value: copyOf(this.#disk.spaces[space].values.get(key)!) };
  }

  transact(body: (writer: KeyValueWriter) => void): void {
    assert(this.#isOpen, 'a closed store is not written');
    assert(this.#undo === undefined, 'I5: transactions are not nested');
    const undo: (() => void)[] = [];
    this.#undo = undo;
    try {
      body({
        get: (space, key) => this.get(space, key),
        keys: (space, from, to, limit) => this.keys(space, from, to, limit),
        put: (space, key, value) => this.#put(space, key, value),
        remove: (space, key) => this.#remove(space, key),
      });
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  refresh(): void {}

  close(): void {
    this.#isOpen = false;
  }

  #keysBetween(space: Space, from: Uint8Array, to: Uint8Array, limit: number): string[] {
    assert(this.#isOpen, 'a closed store is not read');
    const target = this.#disk.spaces[space];
    const start = target.lowerBound(text(from));
    return target.sorted().slice(start, Math.min(start + limit, target.lowerBound(text(to))));
  }

  #put(space: Space, key: Uint8Array, value: Uint8Array): void {
    assert(key.length > 0 && key.length <= STORE_KEY_BYTES_MAX, `a stored key has ${key.length} bytes`);
    this.#remember(space, text(key));
    this.#disk.spaces[space].put(text(key), copyOf(value));
  }

  #remove(space: Space, key: Uint8Array): void {
    this.#remember(space, text(key));
    this.#disk.spaces[space].remove(text(key));
  }

  #remember(space: Space, key: string): void {
    const target = this.#disk.spaces[space];
    const before = target.values.get(key);
    this.#undo!.push(() => (before === undefined ? target.remove(key) : target.put(key, before)));
  }
}

function text(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function bytes(key: string): Uint8Array {
  return Uint8Array.from(Buffer.from(key, 'latin1'));
}

/** Not `slice`: that of a Buffer is a view. */
function copyOf<T extends Uint8Array | undefined>(value: T): T {
  return (value === undefined ? undefined : Uint8Array.from(value)) as T;
}
