/**
 * Composition root of the host thread: the embedding API. A thin handle: jobs run on threads of their own, so the host is
 * never blocked by Millrace, nor can it stall a commit.
 *
 * It installs no signal handlers, opens no port, never calls `process.exit`, and leaves nothing running after `close`.
 */
import { EventEmitter } from 'node:events';
import { connectControl, createControlPorts, exposeControl, type JobState, WorkerRef } from './actors/index.ts';
import { checkMode, checkOpenOptions, checkStartOptions } from './check-launch-options.ts';
import type { JobReference } from './config/index.ts';
import { referenceTo } from './config/reference-to.ts';
import type { DriverCommands, DriverEvents, DriverJob, EpochSummary } from './driver-job.ts';
import type { Until } from './execution/decide-stop.ts';
import type { JobOutcome, JobStatus } from './execution/job-status.ts';
import type { LatencyPart } from './execution/latency-histogram.ts';
import type { SwitchReport } from './execution/mode-control.ts';
import type { ExecutionMode, JobOptionsInput } from './execution/options.ts';
import {
  assert,
  CancelledError,
  type ErrorReport,
  MillraceError,
  SystemClock,
  WorkerLostError,
} from './model/index.ts';

export interface MillraceOptions {
  /** Where jobs keep their state, one directory per job name. Default: what each job says of itself, or `.millrace` beside it. */
  readonly directory?: string | undefined;
  /** Worker threads per job, unless a job says otherwise. Default 2. */
  readonly workers?: number | undefined;
}

export interface StartOptions extends JobOptionsInput {
  /** The state directory of this job itself; wins over everything else. */
  readonly stateDirectory?: string | undefined;
  /** When the job ends by itself. Default: when all its sources have ended. */
  readonly until?: Until | undefined;
}

export interface JobEvents {
  epoch: [epoch: EpochSummary];
  state: [state: JobState];
  status: [status: JobStatus];
  /** What sinks measured since the last event of a worker: pairs of (microseconds, count), flat. Several times a second. */
  latency: [part: LatencyPart];
  finished: [outcome: JobOutcome];
}

/** The driver ends by itself or not at all; a job may take as long as it likes to bring up its first generation. */
const DRIVER_START_TIMEOUT_MS = 2_147_483_647;

/** The runtime in a service. Open one; start jobs; close it. */
export class Millrace {
  readonly #options: MillraceOptions;
  readonly #jobs = new Set<JobHandle>();
  #closing: Promise<void> | undefined;

  private constructor(options: MillraceOptions) {
    this.#options = options;
  }

  /** Rejects with `OptionError` that lists every problem. */
  static async open(options: MillraceOptions = {}): Promise<Millrace> {
    checkOpenOptions(options);
    return new Millrace(options);
  }

  /**
   * Starts a job: a job module's URL, or the path of a module or JSON job file. Resolves when its first generation runs;
   * rejects, with nothing left behind, when it cannot: `OptionError`, `PlanError`, `IncompatiblePlanError`, `LockedError` and
   * others of recovery `none`.
   */
  async start(job: URL | string, options: StartOptions = {}): Promise<JobHandle> {
    this.#requireOpen();
    checkStartOptions(options);
    const reference = await referenceTo(job);
    this.#requireOpen();
    const handle = new JobHandle(reference, this.#options, options);
    this.#jobs.add(handle);
    void handle.exited.then(() => this.#jobs.delete(handle));
    await handle.start();
    return handle;
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new CancelledError('this Millrace is closed; open another one');
  }

  /** Jobs started and not ended. */
  jobs(): readonly JobHandle[] {
    return [...this.#jobs];
  }

  /** Drains all jobs and ends their threads. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#jobs].map((job) => job.drain())).then(() => undefined);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A running job, as the host sees it. */
export class JobHandle extends EventEmitter<JobEvents> {
  /** How the job ended. Never rejects. */
  readonly finished: Promise<JobOutcome>;
  /** @internal The driver thread is gone. */
  readonly exited: Promise<ErrorReport>;
  readonly #control: ReturnType<typeof connectControl<DriverCommands>>;
  readonly #ready: Promise<void>;
  #status: JobStatus | undefined;
  /** The driver has told how the job ended. */
  #wasTold = false;
  /** And is gone, or is gone without a word. */
  #hasEnded = false;

  /** @internal */
  constructor(reference: JobReference, defaults: MillraceOptions, options: StartOptions) {
    super();
    const { stateDirectory, until, ...overrides } = options;
    const job: DriverJob = {
      reference,
      options: defaults.workers === undefined ? overrides : { workers: defaults.workers, ...overrides },
      stateDirectory,
      parentDirectory: defaults.directory,
      until: until ?? { kind: 'end' },
    };
    const ports = createControlPorts();
    const ref = new WorkerRef({
      name: 'driver',
      entry: new URL('./driver.js', import.meta.url),
      workerData: { job, ports: ports.worker },
      transferList: [ports.worker.calls, ports.worker.serves],
      startTimeoutMs: DRIVER_START_TIMEOUT_MS,
      clock: new SystemClock(),
      // It can write to LMDB (reliability F1): it is asked to end, and ends by itself when its job has.
      isTerminable: false,
    });
    this.#ready = ref.ready;
    this.exited = ref.exited;
    this.#control = connectControl<DriverCommands>(ports.driver.calls, { name: 'the driver', lost: ref.exited });
    let settle: (outcome: JobOutcome) => void = () => {};
    const told = new Promise<JobOutcome>((resolveTold) => {
      settle = resolveTold;
    });
    const events: DriverEvents = {
      state: (state) => this.#hear('state', state),
      status: (status) => {
        this.#status = status;
        this.#hear('status', status);
      },
      epoch: (epoch) => this.#hear('epoch', epoch),
      latency: (part) => this.#hear('latency', part),
      finished: (outcome, status) => {
        this.#status = status;
        this.#wasTold = true;
        settle(outcome);
      },
    };
    const server = exposeControl({ ...events }, ports.driver.serves);
    this.finished = this.#finish(told, server);
  }

  /** @internal Rejects with what kept the job from starting, when its threads are gone. */
  async start(): Promise<void> {
    try {
      await this.#ready;
    } catch (thrown) {
      await this.exited;
      const cause = thrown instanceof MillraceError ? thrown.cause : undefined;
      throw cause instanceof MillraceError ? cause : thrown;
    }
    // A short job may be over before it can be asked; then its last words hold the status.
    const asked = await this.#control.remote.status().catch(() => this.finished.then(() => undefined));
    this.#status ??= asked;
  }

  /** The newest status; at most a quarter of a second old while the job runs. */
  status(): JobStatus {
    assert(this.#status !== undefined, 'a handle is given out when its job has a status');
    return this.#status;
  }

  /** Stops reading, commits everything read so far, ends. Resolves when nothing of the job is left running. */
  async drain(): Promise<JobOutcome> {
    await this.#control.remote.drain().catch(() => undefined);
    return this.finished;
  }

  /**
   * Goes on in another mode, at an epoch boundary: nothing is lost, repeated or reordered within a key. Resolves, with how long the
   * job stood still, when it runs in that mode; at once when it does already. `adaptive`: from now on as the backlog tells; a mode by name
   * ends that. Rejects when another switch is under way (`ERR_SWITCH_UNDER_WAY`), when the other mode cannot be brought up (the job goes on as
   * it was), with `OptionError` for what is no mode, and with `CancelledError` when the job ends before.
   */
  async switchMode(mode: ExecutionMode): Promise<SwitchReport> {
    checkMode(mode);
    if (this.#hasEnded) throw endedError(mode);
    try {
      return await this.#control.remote.switchMode(mode);
    } catch (thrown) {
      // The driver ended before it could answer: that is what the caller should hear, not that an answer is missing.
      throw thrown instanceof WorkerLostError && this.#wasTold ? endedError(mode) : thrown;
    }
  }

  /** Ends at once, without a final epoch; the next run continues from the last committed one. */
  async close(): Promise<JobOutcome> {
    await this.#control.remote.close().catch(() => undefined);
    return this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  async #finish(told: Promise<JobOutcome>, server: { close(): void }): Promise<JobOutcome> {
    const lost = this.exited.then((report): JobOutcome => ({ kind: 'failed', report, reason: report.message }));
    const outcome = await Promise.race([told, lost]);
    await this.exited;
    this.#hasEnded = true;
    this.#control.close();
    server.close();
    this.#hear('finished', outcome);
    return outcome;
  }

  /** A listener that throws is the host's bug and must not reach the control plane. */
  #hear<K extends keyof JobEvents>(event: K, ...args: JobEvents[K]): void {
    try {
      (this.emit as (event: K, ...args: JobEvents[K]) => boolean).call(this, event, ...args);
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }
}

function endedError(mode: ExecutionMode): CancelledError {
  return new CancelledError(`the job has ended and cannot be switched to ${mode} mode any more`);
}
