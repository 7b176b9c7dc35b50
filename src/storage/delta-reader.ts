/**
 * Reads a delta: its head at once, its entries one at a time. The checksum is verified before anything else is believed.
 */
import { checksum } from '../codec/checksum.ts';
import { CorruptionError, type Epoch, type KeyGroup, type NodeId, type SubtaskIndex } from '../model/index.ts';
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

const EMPTY: Uint8Array = new Uint8Array(0);

export class DeltaReader {
  readonly node: NodeId;
  readonly subtask: SubtaskIndex;
  readonly epoch: Epoch;
  readonly states: readonly DeltaState[];
  readonly entries: number;

  /** The current entry, after {@link next} said true. Views into the delta. */
  group: KeyGroup = 0;
  state = 0;
  key: Uint8Array = EMPTY;
  sub: Uint8Array = EMPTY;
  /** `undefined`: deleted. */
  value: Uint8Array | undefined;

  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = DELTA_NAMES_AT;
  #left: number;

  /** Throws `CorruptionError`, naming `what`, when the bytes are not a whole and undamaged delta. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
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

  /** Moves to the next entry; false when there is none. */
  next(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    this.group = this.#u16();
    this.state = this.#u16();
    this.key = this.#piece() ?? EMPTY;
    this.sub = this.#piece() ?? EMPTY;
    this.value = this.#piece();
    return true;
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
    return Buffer.from(this.#bytes.subarray(this.#at - length, this.#at)).toString('utf8');
  }

  #u16(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2, true);
  }

  #piece(): Uint8Array | undefined {
    const length = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    if (length === DELTA_DELETED) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function damaged(what: string, cause?: unknown): CorruptionError {
  return new CorruptionError(
    `${what} does not match its checksum: the state directory is damaged; restore it from a copy, or start in a new directory`,
    cause === undefined ? {} : { cause },
  );
}
