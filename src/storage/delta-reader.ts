/**
 * Reads a delta: its head at once, its entries one at a time. The checksum is verified before anything else is believed.
 */
import { checksum } from '../codec/checksum.ts';
import { decodeKeyAt } from '../codec/key-codec.ts';
import {
  CorruptionError,
  type Epoch,
  type Key,
  type KeyGroup,
  type NodeId,
  type SubtaskIndex,
} from '../model/index.ts';
import {
  DELTA_CHECKSUM_AT,
  DELTA_DELETED,
  DELTA_ENTRIES_AT,
  DELTA_EPOCH_AT,
  DELTA_MAGIC,
  DELTA_NAMES_AT,
  DELTA_SUBTASK_AT,
  type DeltaState,
  STATE_KINDS,
} from './delta-format.ts';
import { decodeStoredAt, type StoredValue } from './stored-value.ts';

/** In front of key, sub key and value. */
const LENGTH_BYTES = 4;
/** Group, state and length of the key. */
const ENTRY_HEAD_BYTES = 8;

export class DeltaReader {
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  readonly epoch: Epoch;
  readonly states: readonly DeltaState[];
  readonly entries: number;

  /** Of the current entry, after {@link next} said true. */
  group: KeyGroup = 0;
  state = 0;

  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = DELTA_NAMES_AT;
  #left: number;
  /** Where the parts of the current entry end; each begins behind the length in front of it. */
  #keyAt = 0;
  #keyEnd = 0;
  #subEnd = 0;
  #valueEnd = 0;
  #isDeleted = false;

  /** Throws `CorruptionError`, naming `what`, when the bytes are not a whole and undamaged delta. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < DELTA_NAMES_AT + 4 || this.#view.getUint32(0, true) !== DELTA_MAGIC) throw damaged(what);
    this.entries = this.#view.getUint32(DELTA_ENTRIES_AT, true);
    this.epoch = this.#view.getFloat64(DELTA_EPOCH_AT, true);
    this.subtask = this.#view.getUint32(DELTA_SUBTASK_AT, true);
    try {
      this.node = this.#name();
      this.states = this.#states();
    } catch (cause) {
      throw damaged(what, cause);
    }
    const body = checksum(bytes.subarray(this.#at));
    const whole = checksum(bytes.subarray(DELTA_ENTRIES_AT, this.#at), body);
    if (whole !== this.#view.getUint32(DELTA_CHECKSUM_AT, true)) throw damaged(what);
    this.#left = this.entries;
  }

  /** Moves to the next entry; false when there is none. Nothing of it is decoded, so that passing over entries is cheap. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    this.moveTo(this.#at);
    this.#at = this.#valueEnd;
    return true;
  }

  /** Where the current entry begins: a number that {@link moveTo} takes. */
  get position(): number {
    return this.#keyAt - ENTRY_HEAD_BYTES;
  }

  /** Makes an entry the current one that was so before; {@link next} goes on from where it was. */
  moveTo(position: number): void {
    const view = this.#view;
    this.group = view.getUint16(position, true);
    this.state = view.getUint16(position + 2, true);
    this.#keyAt = position + ENTRY_HEAD_BYTES;
    this.#keyEnd = this.#keyAt + view.getUint32(position + 4, true);
    this.#subEnd = this.#keyEnd + LENGTH_BYTES + view.getUint32(this.#keyEnd, true);
    const valueBytes = view.getUint32(this.#subEnd, true);
    this.#isDeleted = valueBytes === DELTA_DELETED;
    this.#valueEnd = this.#subEnd + LENGTH_BYTES + (this.#isDeleted ? 0 : valueBytes);
  }

  /** Encoded key of the current entry: a view into the delta. */
  get key(): Uint8Array {
    return this.#bytes.subarray(this.#keyAt, this.#keyEnd);
  }

  get sub(): Uint8Array {
    return this.#bytes.subarray(this.#keyEnd + LENGTH_BYTES, this.#subEnd);
  }

  /**
   * Length of the key, key and sub key as text, a character a byte: one text is one entry of a state. Sorted as texts, entries are in the order of
   * the base tables, unless keys are longer than that holds for: long ones are hashed there, and of 256 bytes and more the length sorts otherwise.
   */
  keyText(): string {
    const key = this.#bytes.toString('latin1', this.#keyAt - LENGTH_BYTES, this.#keyEnd);
    const subAt = this.#keyEnd + LENGTH_BYTES;
    return subAt === this.#subEnd ? key : key + this.#bytes.toString('latin1', subAt, this.#subEnd);
  }

  /** `undefined`: deleted. */
  get value(): Uint8Array | undefined {
    return this.#isDeleted ? undefined : this.#bytes.subarray(this.#subEnd + LENGTH_BYTES, this.#valueEnd);
  }

  get isDeleted(): boolean {
    return this.#isDeleted;
  }

  /** Encoded length of the value; 0 where it is deleted. */
  get valueBytes(): number {
    return this.#valueEnd - this.#subEnd - LENGTH_BYTES;
  }

  decodeKey(): Key {
    return decodeKeyAt(this.#bytes, this.#keyAt, this.#keyEnd);
  }

  /** Only where it is not deleted. */
  decodeValue(): StoredValue {
    return decodeStoredAt(this.#bytes, this.#subEnd + LENGTH_BYTES, this.#valueEnd);
  }

  #states(): DeltaState[] {
    const states: DeltaState[] = [];
    for (let count = this.#u16(); count > 0; count--) {
      const kind = STATE_KINDS[this.#view.getUint8(this.#at++)];
      if (kind === undefined) throw new RangeError('unknown kind of state');
      states.push({ kind, name: this.#name() });
    }
    return states;
  }

  #name(): string {
    const length = this.#u16();
    if (this.#at + length > this.#bytes.length) throw new RangeError('a name ends behind the end');
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  #u16(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2, true);
  }
}

/** How many entries a delta says it has; unverified. */
export function entriesOf(bytes: Uint8Array): number {
  if (bytes.length < DELTA_NAMES_AT) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(DELTA_ENTRIES_AT, true);
}

function damaged(what: string, cause?: unknown): CorruptionError {
  return new CorruptionError(
    `${what} does not match its checksum: the state directory is damaged; restore it from a copy, or start in a new directory`,
    cause === undefined ? {} : { cause },
  );
}
