/**
 * A worker's sign of life: a counter and a state in shared memory, written by the worker (I5), read by the driver.
 */
import { assert, type HeartbeatReader, type HeartbeatState, type HeartbeatWriter } from '../model/index.ts';

const COUNT = 0;
const STATE = 1;
/** A cache line, so that the beats of two workers never share one. */
const HEARTBEAT_BYTES = 64;

/** Index = number in shared memory; fresh memory says 'starting'. */
const STATES: readonly HeartbeatState[] = ['starting', 'running', 'parked', 'stopped'];

export function createHeartbeat(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEARTBEAT_BYTES);
}

export class SharedHeartbeatWriter implements HeartbeatWriter {
  readonly #words: Int32Array;
  #count: number;

  constructor(heartbeat: SharedArrayBuffer) {
    this.#words = new Int32Array(heartbeat);
    this.#count = Atomics.load(this.#words, COUNT);
  }

  /** A store instead of an atomic addition: there is one writer, and this happens at every turn. */
  beat(): void {
    this.#count = (this.#count + 1) | 0;
    Atomics.store(this.#words, COUNT, this.#count);
  }

  enter(state: HeartbeatState): void {
    Atomics.store(this.#words, STATE, STATES.indexOf(state));
  }
}

export class SharedHeartbeatReader implements HeartbeatReader {
  readonly #words: Int32Array;

  constructor(heartbeat: SharedArrayBuffer) {
    this.#words = new Int32Array(heartbeat);
  }

  /** Modulo 2^32: compare for equality only. */
  count(): number {
    return Atomics.load(this.#words, COUNT) >>> 0;
  }

  state(): HeartbeatState {
    const state = STATES[Atomics.load(this.#words, STATE)];
    assert(state !== undefined, 'a heartbeat holds a state that does not exist');
    return state;
  }
}
