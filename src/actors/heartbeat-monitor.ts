/**
 * Looks at the heartbeats of the workers at a steady pace and tells of one that hangs: an endless loop, a regex that never
 * ends, a blocking wait in user code (reliability F4, row 4).
 *
 * It decides nothing itself (`heartbeat-watch.ts`) and ends no worker: that is the part of whoever listens.
 */
import {
  type Cancellable,
  type Clock,
  type DurationMs,
  type ErrorReport,
  type HeartbeatReader,
  type MonotonicMs,
  toReport,
  WorkerLostError,
} from '../model/index.ts';
import { beginWatch, deriveWatch, type HeartbeatWatch, isHung } from './heartbeat-watch.ts';

export interface HeartbeatMonitorOptions {
  readonly clock: Clock;
  /** A busy worker whose heart stands still for so long hangs. */
  readonly operatorTimeoutMs: DurationMs;
  /** Default: a tenth of the timeout, at most a second. Hence a hang is told within 1.1 times the timeout. */
  readonly intervalMs?: DurationMs | undefined;
}

interface Watched {
  readonly name: string;
  readonly reader: HeartbeatReader;
  readonly onHung: (report: ErrorReport) => void;
  watch: HeartbeatWatch;
}

const INTERVAL_MAX_MS = 1000;
const TICKS_PER_TIMEOUT = 10;

export class HeartbeatMonitor {
  readonly #clock: Clock;
  readonly #timeoutMs: DurationMs;
  readonly #intervalMs: DurationMs;
  readonly #watched: Set<Watched> = new Set();
  #lastTick: MonotonicMs = 0;
  #timer: Cancellable | undefined;

  constructor(options: HeartbeatMonitorOptions) {
    this.#clock = options.clock;
    this.#timeoutMs = options.operatorTimeoutMs;
    this.#intervalMs = options.intervalMs ?? Math.min(INTERVAL_MAX_MS, options.operatorTimeoutMs / TICKS_PER_TIMEOUT);
  }

  /** Watches a worker until it hangs, which is told once, or until the returned function is called. */
  watch(name: string, reader: HeartbeatReader, onHung: (report: ErrorReport) => void): () => void {
    const watched: Watched = { name, reader, onHung, watch: beginWatch(reader) };
    this.#watched.add(watched);
    return () => void this.#watched.delete(watched);
  }

  /** Begins to tick. Idempotent. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#lastTick = this.#clock.monotonic();
    this.#schedule();
  }

  /** Idempotent. Watches stay, and time that passes until the next start does not count. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer = this.#clock.schedule(this.#intervalMs, () => {
      this.#schedule();
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#clock.monotonic();
    const elapsedMs = now - this.#lastTick;
    this.#lastTick = now;
    for (const watched of [...this.#watched]) {
      const { reader } = watched;
      watched.watch = deriveWatch(watched.watch, reader.count(), reader.state(), elapsedMs, this.#intervalMs);
      if (!isHung(watched.watch, this.#timeoutMs)) continue;
      this.#watched.delete(watched);
      watched.onHung(this.#describe(watched.name));
    }
  }

  #describe(name: string): ErrorReport {
    return toReport(
      new WorkerLostError(
        `${name} did not come back from one step for ${this.#timeoutMs} ms (operatorTimeoutMs): look for an endless loop, a slow regular expression or a blocking wait in its operators`,
        { code: 'ERR_WORKER_HUNG' },
      ),
    );
  }
}
