/**
 * A pool without threads: the production worker side of microbatch mode on the calling thread. Every request and answer crosses as
 * it would between threads (by structured clone), delayed and reordered by a {@link SimulatedScheduler}, and a task goes to
 * the thread that the production decider chooses.
 */
import type { JobOptions } from '../execution/options.ts';
import { assignTasks, isStateless, type WaitingTask } from '../microbatch/assign-tasks.ts';
import { MicrobatchWorker } from '../microbatch/microbatch-worker.ts';
import type { PoolThread, TaskRequest } from '../microbatch/task.ts';
import type { PoolAnswer, RunningTask, TaskPlacement, TaskPool } from '../microbatch/task-pool.ts';
import type { TaskPoolHosting } from '../microbatch/task-pool-hosting.ts';
import {
  type DurationMs,
  type Epoch,
  type KeyedState,
  type SubtaskIndex,
  toReport,
  WorkerLostError,
} from '../model/index.ts';
import type { OperatorNode, PhysicalPlan } from '../plan/index.ts';
import type { SimulatedScheduler } from './simulated-scheduler.ts';

export interface SimulatedTaskPoolOptions {
  readonly scheduler: SimulatedScheduler;
  readonly crashPoint: (name: string) => void;
  /** How long the thread of a task that has begun stands still before it does anything, ms. */
  readonly stallMs: () => DurationMs;
  createState(
    node: OperatorNode,
    subtask: SubtaskIndex,
    parallelism: number,
    plan: PhysicalPlan,
    epoch: Epoch,
  ): KeyedState;
}

export class SimulatedTaskPoolHosting implements TaskPoolHosting {
  readonly #options: SimulatedTaskPoolOptions;
  #newest: SimulatedTaskPool | undefined;
  #pools = 0;

  constructor(options: SimulatedTaskPoolOptions) {
    this.#options = options;
  }

  async open(plan: PhysicalPlan, options: JobOptions): Promise<TaskPool> {
    this.#newest = new SimulatedTaskPool(plan, options, this.#options, ++this.#pools);
    return this.#newest;
  }

  /** Ends one thread of the newest pool as a crash would; it is replaced. */
  kill(thread: number): void {
    this.#newest?.killThread(thread);
  }

  /** Ends the process: nobody is told. */
  killAll(): void {
    this.#newest?.vanish();
  }
}

interface Ticket extends WaitingTask {
  readonly request: TaskRequest;
  thread: SimulatedThread | undefined;
  onBegun(thread: PoolThread): void;
  settle(answer: PoolAnswer): void;
}

interface SimulatedThread {
  readonly id: PoolThread;
  readonly worker: MicrobatchWorker;
  task: Ticket | undefined;
  isGone: boolean;
}

class SimulatedTaskPool implements TaskPool {
  readonly #plan: PhysicalPlan;
  readonly #options: SimulatedTaskPoolOptions;
  readonly #number: number;
  #threads: SimulatedThread[];
  #waiting: Ticket[] = [];
  #named = 0;
  #isClosed = false;

  constructor(plan: PhysicalPlan, options: JobOptions, pool: SimulatedTaskPoolOptions, number: number) {
    this.#plan = plan;
    this.#options = pool;
    this.#number = number;
    this.#threads = Array.from({ length: options.batch.maxWorkers }, () => this.#newThread());
  }

  run(request: TaskRequest, placement: TaskPlacement): RunningTask {
    let onBegun: Ticket['onBegun'] = () => {};
    let settle: Ticket['settle'] = () => {};
    const begun = new Promise<PoolThread>((resolve) => {
      onBegun = resolve;
    });
    const answer = new Promise<PoolAnswer>((resolve) => {
      settle = resolve;
    });
    const isMovable = isStateless(this.#plan.stages[request.stage]!);
    const ticket: Ticket = { ...placement, isStateless: isMovable, request, thread: undefined, onBegun, settle };
    this.#waiting.push(ticket);
    this.#dispatch();
    return { answer, begun, kill: () => this.#lose(ticket) };
  }

  idleThreads(): number {
    return this.#waiting.length > 0 ? 0 : this.#threads.filter(({ task }) => task === undefined).length;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const open = [...this.#waiting, ...this.#threads.flatMap(({ task }) => task ?? [])];
    this.vanish();
    for (const thread of this.#threads) thread.worker.close();
    for (const ticket of open) ticket.settle({ result: lost('the pool was closed'), thread: undefined, durationMs: 0 });
  }

  killThread(index: number): void {
    const thread = this.#threads[index % this.#threads.length];
    if (thread === undefined || this.#isClosed) return;
    const { task } = thread;
    this.#replace(thread);
    const answer = { result: lost('was killed by the simulation'), thread: thread.id, durationMs: 0 };
    if (task !== undefined) this.#post('up', () => task.settle(answer));
    this.#dispatch();
  }

  vanish(): void {
    this.#isClosed = true;
    this.#waiting = [];
    for (const thread of this.#threads) thread.isGone = true;
  }

  #lose(ticket: Ticket): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== ticket);
    if (ticket.thread !== undefined) this.#replace(ticket.thread);
    ticket.settle({ result: lost('was ended'), thread: ticket.thread?.id, durationMs: 0 });
    this.#dispatch();
  }

  #replace(thread: SimulatedThread): void {
    thread.isGone = true;
    this.#threads = this.#threads.map((other) => (other === thread ? this.#newThread() : other));
  }

  #newThread(): SimulatedThread {
    const { crashPoint, createState, scheduler } = this.#options;
    const worker = new MicrobatchWorker(this.#plan, {
      clock: scheduler.clock,
      crashPoint,
      createState: (node, subtask, parallelism, epoch) => createState(node, subtask, parallelism, this.#plan, epoch),
    });
    return { id: ++this.#named, worker, task: undefined, isGone: false };
  }

  #dispatch(): void {
    if (this.#isClosed) return;
    const assignments = assignTasks(this.#waiting, {
      idle: this.#threads.filter(({ task }) => task === undefined).map(({ id }) => id),
      busy: this.#threads.filter(({ task }) => task !== undefined).map(({ id }) => id),
      growth: 0,
    });
    const given = assignments.map(({ task, thread }) => ({
      ticket: this.#waiting[task]!,
      thread: this.#threads.find(({ id }) => id === thread)!,
    }));
    this.#waiting = this.#waiting.filter((ticket) => !given.some((assignment) => assignment.ticket === ticket));
    for (const { ticket, thread } of given) {
      thread.task = ticket;
      ticket.thread = thread;
      this.#post(`down ${thread.id}`, () => void this.#work(ticket, thread));
    }
  }

  async #work(ticket: Ticket, thread: SimulatedThread): Promise<void> {
    if (thread.isGone) return;
    ticket.onBegun(thread.id);
    const { clock } = this.#options.scheduler;
    const beganAt = clock.monotonic();
    await this.#stall();
    if (thread.isGone) return;
    const result = await thread.worker.run(structuredClone(ticket.request));
    const durationMs = clock.monotonic() - beganAt;
    const answer = structuredClone({ result, thread: thread.id, durationMs });
    this.#post(`up ${thread.id}`, () => {
      if (thread.isGone) return;
      thread.task = undefined;
      ticket.settle(answer);
      this.#dispatch();
    });
  }

  async #stall(): Promise<void> {
    const stallMs = this.#options.stallMs();
    if (stallMs <= 0) return;
    await new Promise<void>((resolve) => void this.#options.scheduler.clock.schedule(stallMs, resolve));
  }

  #post(link: string, deliver: () => void): void {
    this.#options.scheduler.post(`pool ${this.#number} ${link}`, deliver);
  }
}

function lost(what: string): PoolAnswer['result'] {
  return { kind: 'failed', report: toReport(new WorkerLostError(`a thread of the pool ${what}`)) };
}
