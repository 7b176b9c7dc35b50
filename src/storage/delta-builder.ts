/**
 * Builds the bytes of one delta entry by entry. The checksum is carried along in {@link DeltaBuilder.settle}, so that no
 * step of it grows with the size of the delta.
 */
import { checksum } from '../codec/checksum.ts';
import { encodeKeyInto } from '../codec/key-codec.ts';
import { encodeValueInto } from '../codec/value-codec.ts';
import type { Epoch, Key, KeyGroup, NodeId, SubtaskIndex } from '../model/index.ts';
import { ABSENT } from './cell.ts';
import {
  DELTA_CHECKSUM_AT,
  DELTA_DELETED,
  DELTA_ENTRIES_AT,
  DELTA_ENTRY_OVERHEAD_BYTES,
  DELTA_EPOCH_AT,
  DELTA_MAGIC,
  DELTA_NAMES_AT,
  DELTA_SUBTASK_AT,
  type DeltaState,
  STATE_KINDS,
} from './delta-format.ts';
import { type EntryLife, LIFE_BYTES, writeLife } from './entry-life.ts';

/** Up to this size a finished delta is copied to its exact length; a larger one keeps the slack of its buffer. */
const EXACT_COPY_BYTES_MAX = 256 * 1024;
const INITIAL_BYTES_MIN = 1024;
/** In front of key, sub key and value. */
const LENGTH_BYTES = 4;

export interface DeltaHead {
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  readonly epoch: Epoch;
  readonly states: readonly DeltaState[];
}

export class DeltaBuilder {
  readonly #headBytes: number;
  #bytes: Uint8Array;
  #view: DataView;
  #length: number;
  #settled: number;
  #checksum = 0;
  #entries = 0;

  /** `expectedBytes`: how large the delta will probably be. A good guess avoids copying while it grows. */
  constructor(head: DeltaHead, expectedBytes: number) {
    const names = encodeNames(head);
    this.#headBytes = DELTA_NAMES_AT + names.length;
    this.#bytes = new Uint8Array(Math.max(INITIAL_BYTES_MIN, this.#headBytes + Math.ceil(expectedBytes)));
    this.#view = new DataView(this.#bytes.buffer);
    this.#view.setUint32(0, DELTA_MAGIC, true);
    this.#view.setFloat64(DELTA_EPOCH_AT, head.epoch, true);
    this.#view.setUint32(DELTA_SUBTASK_AT, head.subtask, true);
    this.#bytes.set(names, DELTA_NAMES_AT);
    this.#length = this.#headBytes;
    this.#settled = this.#headBytes;
  }

  get entries(): number {
    return this.#entries;
  }

  get length(): number {
    return this.#length;
  }

  /**
   * `value` {@link ABSENT}: the entry was deleted. Returns the bytes the entry took. Throws `ValueError` for a value that
   * cannot be encoded; the builder is of no use afterwards.
   */
  add(group: KeyGroup, state: number, key: Key, sub: Uint8Array, value: unknown, life?: EntryLife): number {
    const start = this.#length;
    this.#reserve(DELTA_ENTRY_OVERHEAD_BYTES + sub.length);
    this.#view.setUint16(start, group, true);
    this.#view.setUint16(start + 2, state, true);
    this.#length = start + 4;
    this.#sized(key, encodeKeyInto, 0);
    this.#reserve(8 + sub.length);
    this.#view.setUint32(this.#length, sub.length, true);
    this.#bytes.set(sub, this.#length + 4);
    this.#length += 4 + sub.length;
    if (value === ABSENT) {
      this.#view.setUint32(this.#length, DELTA_DELETED, true);
      this.#length += 4;
    } else {
      const start = this.#length + LENGTH_BYTES;
      this.#sized(value, encodeValueInto, life === undefined ? 0 : LIFE_BYTES);
      if (life !== undefined) writeLife(life, this.#view, start);
    }
    this.#entries++;
    return this.#length - start;
  }

  /** Brings the checksum up to what was added. Called once per slice of encoding. */
  settle(): void {
    this.#checksum = checksum(this.#bytes.subarray(this.#settled, this.#length), this.#checksum);
    this.#settled = this.#length;
  }

  /** The finished delta; the builder must not be used afterwards. */
  finish(): Uint8Array {
    this.settle();
    this.#view.setUint32(DELTA_ENTRIES_AT, this.#entries, true);
    const head = this.#bytes.subarray(DELTA_ENTRIES_AT, this.#headBytes);
    this.#view.setUint32(DELTA_CHECKSUM_AT, checksum(head, this.#checksum), true);
    return this.#length <= EXACT_COPY_BYTES_MAX
      ? this.#bytes.slice(0, this.#length)
      : this.#bytes.subarray(0, this.#length);
  }

  /** Writes what `encode` makes of `item`, the length in front, behind `lead` bytes left free; makes room until it fits. */
  #sized<T>(item: T, encode: (item: T, target: Uint8Array, offset: number) => number, lead: number): void {
    this.#reserve(LENGTH_BYTES + lead);
    let end = encode(item, this.#bytes, this.#length + LENGTH_BYTES + lead);
    while (end < 0) {
      this.#reserve(this.#bytes.length);
      end = encode(item, this.#bytes, this.#length + LENGTH_BYTES + lead);
    }
    this.#view.setUint32(this.#length, end - this.#length - LENGTH_BYTES, true);
    this.#length = end;
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function encodeNames(head: DeltaHead): Uint8Array {
  const node = Buffer.from(head.node, 'utf8');
  const parts: Uint8Array[] = [u16(node.length), node, u16(head.states.length)];
  for (const state of head.states) {
    const name = Buffer.from(state.name, 'utf8');
    parts.push(Uint8Array.of(STATE_KINDS.indexOf(state.kind)), u16(name.length), name);
  }
  return Buffer.concat(parts);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >>> 8);
}
