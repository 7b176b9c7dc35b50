/**
 * Workers on threads: shared memory between them, comlink to each, a watch on their hearts.
 */
import { connectControl, createControlPorts, exposeControl, HeartbeatMonitor, WorkerRef } from '../actors/index.ts';
import { createRunMemory, type RunMemory, SharedDoorbell, SharedHeartbeatReader } from '../channels/index.ts';
import type { Deployment, WorkerCommands, WorkerEvents } from '../execution/deployment.ts';
import type { Clock, ErrorReport } from '../model/index.ts';
import { listChannels } from '../plan/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { WorkerHosting, WorkerLink } from './worker-hosting.ts';

/** What a worker thread finds in its `workerData`, besides what the root adds. */
export interface WorkerThreadData<Job> {
  readonly job: Job;
  readonly deployment: Deployment;
  readonly memory: RunMemory;
  readonly ports: ReturnType<typeof createControlPorts>['worker'];
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

  async bringUp(
    plan: PhysicalPlan,
    deployments: readonly Deployment[],
    events: WorkerEvents,
  ): Promise<readonly WorkerLink[]> {
    const { options } = deployments[0]!;
    const crossing = listChannels(plan).filter((channel) => channel.crossesThreads);
    const memory = createRunMemory(
      plan.workers,
      crossing.map(({ id }) => id),
      options.channel.ringBytes,
    );
    const monitor = new HeartbeatMonitor({
      clock: this.#options.clock,
      operatorTimeoutMs: options.operatorTimeoutMs,
    });
    const threads = deployments.map(
      (deployment) => new WorkerThread(deployment, memory, events, monitor, this.#options),
    );
    try {
      await Promise.all(threads.map((thread) => thread.ready));
    } catch (thrown) {
      monitor.stop();
      await Promise.all(threads.map((thread) => thread.end()));
      throw thrown;
    }
    monitor.start();
    return threads;
  }
}

class WorkerThread<Job> implements WorkerLink {
  readonly lost: Promise<ErrorReport>;
  readonly ready: Promise<void>;
  readonly #ref: WorkerRef;
  readonly #control: ReturnType<typeof connectControl<WorkerCommands>>;
  readonly #closeEvents: () => void;
  readonly #unwatch: () => void;
  readonly #monitor: HeartbeatMonitor;
  #isEnding = false;

  constructor(
    deployment: Deployment,
    memory: RunMemory,
    events: WorkerEvents,
    monitor: HeartbeatMonitor,
    options: ThreadWorkerHostingOptions<Job>,
  ) {
    const { worker } = deployment;
    const ports = createControlPorts();
    const data: WorkerThreadData<Job> = { job: options.job, deployment, memory, ports: ports.worker };
    this.#monitor = monitor;
    this.#ref = new WorkerRef({
      name: `worker ${worker}`,
      entry: options.entry,
      workerData: data,
      transferList: [ports.worker.calls, ports.worker.serves],
      startTimeoutMs: deployment.options.startTimeoutMs,
      clock: options.clock,
    });
    this.ready = this.#ref.ready;
    this.lost = new Promise((resolve) => {
      void this.#ref.exited.then((report) => {
        if (!this.#isEnding) resolve(report);
      });
    });
    const bell = new SharedDoorbell(memory.bells[worker]!);
    this.#control = connectControl<WorkerCommands>(ports.driver.calls, {
      name: this.#ref.name,
      lost: this.#ref.exited,
      ring: () => bell.ringControl(),
    });
    const server = exposeControl({ ...events }, ports.driver.serves);
    this.#closeEvents = () => server.close();
    this.#unwatch = monitor.watch(this.#ref.name, new SharedHeartbeatReader(memory.heartbeats[worker]!), (report) => {
      void this.#ref.terminate(report);
    });
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
    this.#monitor.stop();
    this.#unwatch();
    await this.#ref.stop(() => this.#control.remote.stop(), STOP_TIMEOUT_MS);
    this.#control.close();
    this.#closeEvents();
  }
}
