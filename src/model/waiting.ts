/**
 * Ports through which threads wait for and watch each other. Implemented in `channels`, the only user of Atomics.
 */
import type { DurationMs } from './time.ts';

/** Rung by whoever put something where a worker will find it. Cheap when the worker is awake. */
export interface Doorbell {
  ring(): void;
}

/** The sleeping side of a {@link Doorbell}: one per worker thread. */
export interface Parker {
  /**
   * Sleeps until the doorbell rings, `timeoutMs` (fractional) have passed, or `hasWork()` (asked after announcing the
   * intention to sleep, so that no ring can fall between) says true.
   */
  park(timeoutMs: DurationMs, hasWork: () => boolean): void;
  /** True once after a control message was announced with {@link ControlBell.ringControl}. */
  takeControlSignal(): boolean;
}

/** Rung behind every control message: the worker leaves its loop for one turn of the event loop. */
export interface ControlBell extends Doorbell {
  ringControl(): void;
}

export type HeartbeatState = 'starting' | 'running' | 'parked' | 'stopped';

/** Written by a worker at every turn. */
export interface HeartbeatWriter {
  beat(): void;
  enter(state: HeartbeatState): void;
}

/** Read by the driver. A worker is hung when it is `running` and `count()` has not moved for the timeout. */
export interface HeartbeatReader {
  count(): number;
  state(): HeartbeatState;
}
