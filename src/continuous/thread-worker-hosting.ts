/**
 * Workers on threads: comlink to each, and once they are deployed shared memory between them and a watch on their hearts.
 */
import { connectControl, createControlPorts, exposeControl, HeartbeatMonitor, WorkerRef } from '../actors/index.ts';
import { createRunMemory, type RunMemory, SharedDoorbell, SharedHeartbeatReader } from '../channels/index.ts';
import type { Deployment, WorkerCommands, WorkerEvents } from '../execution/deployment.ts';
import type { JobOptions } from '../execution/options.ts';
import { assert, type Clock, type ErrorReport, type WorkerIndex, WorkerLostError } from '../model/index.ts';
import { listChannels } from '../plan/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { PreparedWorkers, WorkerHosting, WorkerLink } from './worker-hosting.ts';

/** What a worker thread finds in its `workerData`: enough to load the job and to see whether it is the driver's (I9). */
export interface WorkerThreadData<Job> {
  readonly job: Job;
  readonly options: JobOptions;
  /** Of the driver's plan. */
  readonly fingerprint: string;
  readonly ports: ReturnType<typeof createControlPorts>['worker'];
}

/** What a worker thread serves from the moment it is prepared. */
export interface WorkerThreadCommands extends WorkerCommands {
  /** Once, before all but `stop`. How it went is announced as the end of the start, like everything that went before. */
  deploy(deployment: Deployment, memory: RunMemory): void;
}

export interface ThreadWorkerHostingOptions<Job> {
  readonly entry: URL;
  /** From what a worker rebuilds the job; plain data. */
  readonly job: Job;
  readonly clock: Clock;
}

/** An asked worker closes its files and ports; after this it is terminated (it cannot write to LMDB, so that is safe). */
const STOP_TIMEOUT_MS = 2000;

export class ThreadWorkerHosting<Job> implements WorkerHosting {
  readonly #options: ThreadWorkerHostingOptions<Job>;

  constructor(options: ThreadWorkerHostingOptions<Job>) {
    this.#options = options;
  }

  prepare(plan: PhysicalPlan, options: JobOptions): PreparedWorkers {
    return new PreparedThreads(plan, options, this.#options);
  }
}

class PreparedThreads<Job> implements PreparedWorkers {
  readonly ready: Promise<void>;
  readonly #plan: PhysicalPlan;
  readonly #options: JobOptions;
  readonly #clock: Clock;
  readonly #threads: readonly WorkerThread<Job>[];
  #fate: 'open' | 'deployed' | 'closed' = 'open';

  constructor(plan: PhysicalPlan, options: JobOptions, hosting: ThreadWorkerHostingOptions<Job>) {
    this.#plan = plan;
    this.#options = options;
    this.#clock = hosting.clock;
    this.#threads = Array.from(
      { length: plan.workers },
      (_, worker) => new WorkerThread(worker, plan, options, hosting),
    );
    this.ready = this.#allOrNone(this.#threads.map((thread) => thread.prepared));
    // Whoever deploys is told then.
    this.ready.catch(() => undefined);
  }

  async deploy(deployments: readonly Deployment[], events: WorkerEvents): Promise<readonly WorkerLink[]> {
    assert(this.#fate === 'open', `I10: workers are deployed once; these are ${this.#fate}`);
    assert(deployments.length === this.#threads.length, 'there is one deployment for each worker');
    this.#fate = 'deployed';
    await this.ready;
    const crossing = listChannels(this.#plan).filter((channel) => channel.crossesThreads);
    const memory = createRunMemory(
      this.#plan.workers,
      crossing.map(({ id }) => id),
      this.#options.channel.ringBytes,
    );
    const { operatorTimeoutMs } = this.#options;
    const monitor = new HeartbeatMonitor({ clock: this.#clock, operatorTimeoutMs });
    await this.#allOrNone(
      this.#threads.map((thread, worker) => thread.deploy(deployments[worker]!, memory, events, monitor)),
    );
    monitor.start();
    return this.#threads;
  }

  async close(): Promise<void> {
    if (this.#fate === 'deployed') return;
    this.#fate = 'closed';
    await this.#endAll();
  }

  async #allOrNone(steps: readonly Promise<void>[]): Promise<void> {
    try {
      await Promise.all(steps);
    } catch (thrown) {
      await this.#endAll();
      throw thrown;
    }
  }

  async #endAll(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }
}

class WorkerThread<Job> implements WorkerLink {
  readonly lost: Promise<ErrorReport>;
  readonly prepared: Promise<void>;
  readonly #worker: WorkerIndex;
  readonly #ref: WorkerRef;
  readonly #ports: ReturnType<typeof createControlPorts>['driver'];
  readonly #control: ReturnType<typeof connectControl<WorkerThreadCommands>>;
  /** A thread that is only prepared waits for messages, and nobody has to ring. */
  #bell: SharedDoorbell | undefined;
  #stopWatching: () => void = () => {};
  #isEnding = false;

  constructor(worker: WorkerIndex, plan: PhysicalPlan, options: JobOptions, hosting: ThreadWorkerHostingOptions<Job>) {
    const ports = createControlPorts();
    const { fingerprint } = plan;
    const data: WorkerThreadData<Job> = { job: hosting.job, options, fingerprint, ports: ports.worker };
    this.#worker = worker;
    this.#ref = new WorkerRef({
      name: `worker ${worker}`,
      entry: hosting.entry,
      workerData: data,
      transferList: [ports.worker.calls, ports.worker.serves],
      startTimeoutMs: options.startTimeoutMs,
      clock: hosting.clock,
    });
    this.prepared = this.#ref.prepared;
    this.lost = new Promise((resolve) => {
      void this.#ref.exited.then((report) => {
        if (!this.#isEnding) resolve(report);
      });
    });
    this.#ports = ports.driver;
    this.#control = connectControl<WorkerThreadCommands>(ports.driver.calls, {
      name: this.#ref.name,
      lost: this.#ref.exited,
      ring: () => this.#bell?.ringControl(),
    });
  }

  async deploy(
    deployment: Deployment,
    memory: RunMemory,
    events: WorkerEvents,
    monitor: HeartbeatMonitor,
  ): Promise<void> {
    this.#bell = new SharedDoorbell(memory.bells[this.#worker]!);
    exposeControl({ ...events }, this.#ports.serves);
    this.#ref.expectReady();
    await Promise.all([
      this.#ref.ready,
      this.#control.remote.deploy(deployment, memory).catch((thrown: unknown) => {
        // A lost worker tells why itself; that a command to it got no answer is only the consequence.
        if (!(thrown instanceof WorkerLostError)) throw thrown;
      }),
    ]);
    const heart = new SharedHeartbeatReader(memory.heartbeats[this.#worker]!);
    const unwatch = monitor.watch(this.#ref.name, heart, (report) => void this.#ref.terminate(report));
    this.#stopWatching = () => {
      monitor.stop();
      unwatch();
    };
  }

  run(): Promise<void> {
    return this.#control.remote.run();
  }

  beginEpoch(...args: Parameters<WorkerCommands['beginEpoch']>): Promise<void> {
    return this.#control.remote.beginEpoch(...args);
  }

  epochCommitted(...args: Parameters<WorkerCommands['epochCommitted']>): Promise<void> {
    return this.#control.remote.epochCommitted(...args);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#stopWatching();
    // One that still loads would not hear the question, and has opened nothing that it would have to close.
    if (this.#ref.state === 'starting') await this.#ref.terminate();
    else await this.#ref.stop(() => this.#control.remote.stop(), STOP_TIMEOUT_MS);
    this.#control.close();
    this.#ports.serves.close();
  }
}
