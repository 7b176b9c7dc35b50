/**
 * Workers without threads: the production subtasks on the calling thread, stepped by a {@link SimulatedScheduler}, with every
 * message between driver and worker delayed and reordered as a seed says. Channels that would cross threads are real rings,
 * so every record that crosses is encoded.
 */
import { ERR_WORKER_START } from '../actors/index.ts';
import {
  createRunMemory,
  LocalChannel,
  RingChannelReader,
  RingChannelWriter,
  type RunMemory,
  SharedBrake,
} from '../channels/index.ts';
import { ContinuousWorker } from '../continuous/continuous-worker.ts';
import type { PreparedWorkers, WorkerHosting, WorkerLink } from '../continuous/worker-hosting.ts';
import type { Deployment, WorkerEvents } from '../execution/deployment.ts';
import type { JobOptions } from '../execution/options.ts';
import {
  assert,
  type ChannelReader,
  type ChannelWriter,
  type ErrorReport,
  fromReport,
  type KeyedState,
  type SubtaskIndex,
  toReport,
  WorkerLostError,
} from '../model/index.ts';
import { type ChannelPlacement, listChannels, type OperatorNode, type PhysicalPlan } from '../plan/index.ts';
import type { SimulatedScheduler } from './simulated-scheduler.ts';

export interface SimulatedHostingOptions {
  readonly scheduler: SimulatedScheduler;
  /** Also channels inside a worker are rings: no value may work at parallelism 1 and change at 2. */
  readonly isEncodingForced: boolean;
  createState(
    node: OperatorNode,
    subtask: SubtaskIndex,
    parallelism: number,
    plan: PhysicalPlan,
    deployment: Deployment,
  ): KeyedState;
}

const NO_BELL = { ring: (): void => {} };

export class SimulatedHosting implements WorkerHosting {
  readonly #options: SimulatedHostingOptions;
  #newest: SimulatedWorkers | undefined;

  constructor(options: SimulatedHostingOptions) {
    this.#options = options;
  }

  prepare(plan: PhysicalPlan, options: JobOptions): PreparedWorkers {
    this.#newest = new SimulatedWorkers(plan, options, this.#options);
    return this.#newest;
  }

  /**
   * Ends one worker of the newest generation as a crash would: at once, and whatever it had said but not delivered is lost. One that
   * is not deployed yet is found dead then.
   */
  kill(worker: number): void {
    this.#newest?.kill(worker);
  }

  /** Ends the process: all workers at once, and nobody is told. */
  killAll(): void {
    this.#newest?.killAll();
  }
}

/** The workers of one generation. There is nothing to load: the calling thread has the plan. */
class SimulatedWorkers implements PreparedWorkers {
  readonly ready: Promise<void> = Promise.resolve();
  readonly #plan: PhysicalPlan;
  readonly #options: JobOptions;
  readonly #hosting: SimulatedHostingOptions;
  #fate: 'open' | 'deployed' | 'closed' = 'open';
  #killedEarly: ErrorReport | undefined;
  #workers: readonly SimulatedWorker[] = [];

  constructor(plan: PhysicalPlan, options: JobOptions, hosting: SimulatedHostingOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#hosting = hosting;
  }

  async deploy(deployments: readonly Deployment[], events: WorkerEvents): Promise<readonly WorkerLink[]> {
    assert(this.#fate === 'open', `I10: workers are deployed once; these are ${this.#fate}`);
    this.#fate = 'deployed';
    if (this.#killedEarly !== undefined) throw fromReport(this.#killedEarly);
    const ringIds = listChannels(this.#plan)
      .filter((channel) => channel.crossesThreads || this.#hosting.isEncodingForced)
      .map(({ id }) => id);
    const memory = createRunMemory(this.#plan.workers, ringIds, this.#options.channel.ringBytes);
    this.#workers = deployments.map(
      (deployment) => new SimulatedWorker(this.#plan, deployment, memory, events, this.#hosting),
    );
    return this.#workers;
  }

  async close(): Promise<void> {
    if (this.#fate === 'open') this.#fate = 'closed';
  }

  kill(worker: number): void {
    const details = this.#fate === 'open' ? { code: ERR_WORKER_START } : {};
    const report = toReport(new WorkerLostError(`worker ${worker} was killed by the simulation`, details));
    if (this.#fate === 'open') this.#killedEarly ??= report;
    else this.#workers[worker]?.die(report);
  }

  killAll(): void {
    for (const worker of this.#workers) worker.vanish();
  }
}

class SimulatedWorker implements WorkerLink {
  readonly lost: Promise<ErrorReport>;
  readonly #scheduler: SimulatedScheduler;
  readonly #worker: ContinuousWorker;
  readonly #down: string;
  readonly #up: string;
  readonly #events: WorkerEvents;
  #remove: (() => void)[] = [];
  #lose: (report: ErrorReport) => void = () => {};
  #isGone = false;

  constructor(
    plan: PhysicalPlan,
    deployment: Deployment,
    memory: RunMemory,
    events: WorkerEvents,
    options: SimulatedHostingOptions,
  ) {
    const { worker, generation } = deployment;
    this.#scheduler = options.scheduler;
    this.#down = `g${generation} driver > worker ${worker}`;
    this.#up = `g${generation} worker ${worker} > driver`;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    this.#events = this.#delayed(events);
    const local = new Map<string, LocalChannel>();
    const localOf = (id: string): LocalChannel => {
      const channel = local.get(id) ?? new LocalChannel({ elementsMax: deployment.options.channel.localRecords });
      local.set(id, channel);
      return channel;
    };
    this.#worker = new ContinuousWorker(plan, deployment, {
      clock: options.scheduler.clock,
      crashPoint: () => {},
      createState: (node, subtask, parallelism) => options.createState(node, subtask, parallelism, plan, deployment),
      writerOf: (channel: ChannelPlacement): ChannelWriter => {
        const ring = memory.rings[channel.id];
        const frameRecordsMax = deployment.options.channel.frameRecords;
        return ring === undefined
          ? localOf(channel.id).writer
          : new RingChannelWriter({ ring, consumerBell: NO_BELL, frameRecordsMax });
      },
      readerOf: (channel: ChannelPlacement): ChannelReader => {
        const ring = memory.rings[channel.id];
        return ring === undefined ? localOf(channel.id).reader : new RingChannelReader({ ring, producerBell: NO_BELL });
      },
      brake: new SharedBrake(memory.brake),
      events: this.#events,
    });
  }

  async run(): Promise<void> {
    this.#remove = this.#worker.subtasks.map((steppable) =>
      this.#scheduler.add(steppable, (thrown) => this.#events.failed(toReport(thrown, { subtask: steppable.name }))),
    );
    this.#scheduleStatus();
  }

  async beginEpoch(...args: Parameters<WorkerLink['beginEpoch']>): Promise<void> {
    this.#scheduler.post(this.#down, () => this.#worker.beginEpoch(...args));
  }

  async epochCommitted(...args: Parameters<WorkerLink['epochCommitted']>): Promise<void> {
    this.#scheduler.post(this.#down, () => this.#worker.epochCommitted(...args));
  }

  async end(): Promise<void> {
    if (this.#isGone) return;
    this.vanish();
    for (const steppable of this.#worker.subtasks.toReversed()) steppable.close();
  }

  die(report: ErrorReport): void {
    if (this.#isGone) return;
    this.vanish();
    this.#lose(report);
  }

  vanish(): void {
    this.#isGone = true;
    for (const remove of this.#remove) remove();
    this.#scheduler.cut(this.#down);
    this.#scheduler.cut(this.#up);
  }

  #delayed(events: WorkerEvents): WorkerEvents {
    const later = (deliver: () => void): void => {
      if (!this.#isGone) this.#scheduler.post(this.#up, deliver);
    };
    return {
      snapshot: (snapshot) => later(() => events.snapshot(snapshot)),
      requestEpoch: (reason) => later(() => events.requestEpoch(reason)),
      status: (status) => later(() => events.status(status)),
      failed: (report) => later(() => events.failed(report)),
    };
  }

  #scheduleStatus(): void {
    this.#scheduler.clock.schedule(100, () => {
      if (this.#isGone) return;
      this.#events.status(this.#worker.status());
      this.#scheduleStatus();
    });
  }
}
