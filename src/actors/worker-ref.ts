/**
 * A worker thread as its driver holds it: started, watched for its end, stopped.
 *
 * It speaks no control protocol: the ports for that travel in `workerData`. Invariants: {@link WorkerRef.exited} always
 * settles when the thread is gone and not before, so that two generations never run at once (I10); the first reason of an
 * end is the one that is told.
 *
 * Workers may be terminated because they never write to an LMDB environment: they open it read-only. A thread that can write
 * must not be: it would take the lock of the environment along and hang the process (reliability F1). Such a thread is held
 * with `isTerminable: false`, and only ever asked.
 */
import { type ResourceLimits, type Transferable, Worker } from 'node:worker_threads';
import {
  assert,
  type Cancellable,
  CancelledError,
  type Clock,
  type DurationMs,
  type ErrorReport,
  fromReport,
  toReport,
} from '../model/index.ts';
import { Lifecycle, type WorkerState, workerSuccessors } from './lifecycle.ts';
import { readAnnouncement } from './worker-announcement.ts';
import { describeWorkerLoss, type WorkerEnd } from './worker-loss.ts';

export interface WorkerRefOptions {
  /** For messages and for the thread itself: `worker 1`. */
  readonly name: string;
  /** JavaScript module that calls `announceReady`, behind `announcePrepared` or without it, or `announceFailure`. */
  readonly entry: URL;
  readonly workerData: unknown;
  /** Ports and buffers inside `workerData` that move to the worker. */
  readonly transferList?: readonly Transferable[] | undefined;
  /** Until it is prepared or ready, and again from {@link WorkerRef.expectReady} until it is ready. */
  readonly startTimeoutMs: DurationMs;
  readonly clock: Clock;
  /**
   * Default true. False for a thread that can write to LMDB: nothing here ends it while it runs. It is trusted to have closed
   * what it had opened before it calls `announceFailure`.
   */
  readonly isTerminable?: boolean | undefined;
  /** Catches gradual growth only; one large allocation aborts the process all the same (reliability F3). */
  readonly resourceLimits?: ResourceLimits | undefined;
  readonly execArgv?: readonly string[] | undefined;
}

interface Settle {
  readonly resolve: () => void;
  readonly reject: (failure: Error) => void;
}

/** `asked`: the thread ended by itself after it was asked to. `terminated`: it did not within the time given. */
export type StopOutcome = 'asked' | 'terminated' | 'already-gone';

export class WorkerRef {
  readonly name: string;
  /** Settles once: the worker has loaded what it needs, or was lost or stopped before it had. */
  readonly prepared: Promise<void>;
  /** Settles once: the worker is ready, or was lost or stopped before it was. */
  readonly ready: Promise<void>;
  /**
   * Resolves when the thread is gone, never rejects. After {@link stop} or {@link terminate} the report is that of the reason
   * given there, by default `ERR_CANCELLED`; otherwise it says what happened. stdout and stderr go to those of the process.
   */
  readonly exited: Promise<ErrorReport>;
  readonly #worker: Worker;
  readonly #clock: Clock;
  readonly #isTerminable: boolean;
  readonly #startTimeoutMs: DurationMs;
  readonly #lifecycle: Lifecycle<WorkerState>;
  #wasReady = false;
  #settlePrepared!: Settle;
  #settleReady!: Settle;
  #startDeadline: Cancellable | undefined;
  #reason: ErrorReport | undefined;

  /** Starts the thread at once. Throws only what `new Worker` throws for options it cannot use. */
  constructor(options: WorkerRefOptions) {
    this.name = options.name;
    this.#clock = options.clock;
    this.#isTerminable = options.isTerminable ?? true;
    this.#startTimeoutMs = options.startTimeoutMs;
    this.#lifecycle = new Lifecycle(options.name, workerSuccessors, 'created');
    this.#worker = new Worker(options.entry, {
      name: options.name,
      workerData: options.workerData,
      ...(options.transferList === undefined ? {} : { transferList: [...options.transferList] }),
      ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
      ...(options.execArgv === undefined ? {} : { execArgv: [...options.execArgv] }),
    });
    this.#lifecycle.enter('starting');
    this.exited = this.#watchEnd();
    this.prepared = new Promise((resolve, reject) => {
      this.#settlePrepared = { resolve, reject };
    });
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // Who only watches `exited` has been told as well.
    this.prepared.catch(() => undefined);
    this.ready.catch(() => undefined);
    this.#watchStart();
    this.#beginDeadline();
  }

  get state(): WorkerState {
    return this.#lifecycle.state;
  }

  /** Returns the function that ends the observation. */
  observe(observer: (state: WorkerState, previous: WorkerState) => void): () => void {
    return this.#lifecycle.observe(observer);
  }

  /** A prepared worker has been told what to do: from now on it has the start timeout to get ready. */
  expectReady(): void {
    assert(this.#startDeadline === undefined, `${this.name} is expected to get ready before it is prepared, or twice`);
    if (this.state === 'prepared') this.#beginDeadline();
  }

  /**
   * Stops cooperatively: `ask` tells the worker to close what it has and its ports, then to end. If it has not ended after
   * `timeoutMs` it is terminated, or waited for where that is not allowed. A rejection of `ask` does not matter: the end of the
   * thread does.
   */
  async stop(ask: () => Promise<unknown>, timeoutMs: DurationMs): Promise<StopOutcome> {
    if (this.#lifecycle.isFinal) return 'already-gone';
    this.#beginStopping();
    let isLate = false;
    const deadline = this.#clock.schedule(timeoutMs, () => {
      if (!this.#isTerminable) return;
      isLate = true;
      void this.terminate();
    });
    // Whatever becomes of the question, the exit or the deadline answers.
    Promise.resolve()
      .then(ask)
      .catch(() => undefined);
    await this.exited;
    deadline.cancel();
    return isLate ? 'terminated' : 'asked';
  }

  /**
   * Ends the thread wherever it is, behind at most one native call (reliability F4). Resolves when it is gone. `reason` is
   * what {@link exited} tells, unless the worker had failed before.
   */
  terminate(reason?: ErrorReport): Promise<ErrorReport> {
    assert(this.#isTerminable, `F1: ${this.name} can write to LMDB; it is asked to stop and never terminated`);
    this.#reason ??= reason;
    if (!this.#lifecycle.isFinal) {
      if (reason === undefined) this.#beginStopping();
      void this.#worker.terminate();
    }
    return this.exited;
  }

  #beginStopping(): void {
    if (this.#lifecycle.canEnter('stopping')) this.#lifecycle.enter('stopping');
    this.#reason ??= toReport(new CancelledError(`${this.name} was stopped`));
  }

  #watchEnd(): Promise<ErrorReport> {
    return new Promise((resolve) => {
      this.#worker.on('error', (thrown: unknown) => this.#fail({ kind: 'threw', thrown }));
      this.#worker.on('messageerror', (thrown: unknown) => this.#fail({ kind: 'unreadable-message', thrown }));
      this.#worker.once('exit', (code) => {
        const report = this.#reason ?? describeWorkerLoss(this.name, { kind: 'exited', code }, this.#wasReady);
        this.#lifecycle.enter(this.state === 'stopping' ? 'stopped' : 'lost');
        resolve(report);
      });
    });
  }

  #watchStart(): void {
    this.#worker.on('message', (message: unknown) => {
      const announcement = readAnnouncement(message);
      if (announcement === undefined) return;
      this.#endDeadline();
      if (announcement.millrace === 'failed') {
        this.#fail({ kind: 'could-not-start', report: announcement.report });
        return;
      }
      const isReady = announcement.millrace === 'ready';
      const state = isReady ? 'running' : 'prepared';
      this.#wasReady ||= isReady;
      if (this.#lifecycle.canEnter(state)) this.#lifecycle.enter(state);
      this.#settlePrepared.resolve();
      if (isReady) this.#settleReady.resolve();
    });
    void this.exited.then((report) => {
      this.#endDeadline();
      this.#rejectStart(report);
    });
  }

  #beginDeadline(): void {
    const timeoutMs = this.#startTimeoutMs;
    this.#startDeadline = this.#clock.schedule(timeoutMs, () => {
      this.#fail({ kind: 'start-timeout', timeoutMs });
      // Terminated, it rejects once it is gone. Otherwise nobody knows when that will be.
      if (!this.#isTerminable && this.#reason !== undefined) this.#rejectStart(this.#reason);
    });
  }

  #endDeadline(): void {
    this.#startDeadline?.cancel();
    this.#startDeadline = undefined;
  }

  #rejectStart(report: ErrorReport): void {
    this.#settlePrepared.reject(fromReport(report));
    this.#settleReady.reject(fromReport(report));
  }

  /** The worker cannot be used any more: its thread ends, with this reason unless there is one already. */
  #fail(end: WorkerEnd): void {
    this.#reason ??= describeWorkerLoss(this.name, end, this.#wasReady);
    if (this.#isTerminable || end.kind === 'could-not-start') void this.#worker.terminate();
  }
}
