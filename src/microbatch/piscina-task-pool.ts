/**
 * The pool of threads of one generation, on Piscina: it starts, replaces and ends threads and carries tasks and answers. Which task
 * goes to which thread is decided here (`assign-tasks.ts`), because the state of a subtask is on one of them.
 *
 * Threads open LMDB read-only: killing one, wherever it is, harms nothing (reliability F1).
 */
import { Piscina, type PiscinaTask } from 'piscina';
import { describeWorkerLoss } from '../actors/index.ts';
import type { JobOptions } from '../execution/options.ts';
import {
  assert,
  type Cancellable,
  type Clock,
  type DurationMs,
  type ErrorReport,
  fromReport,
  toReport,
  WorkerLostError,
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import { assignTasks, isStateless, type WaitingTask } from './assign-tasks.ts';
import type { PoolThread, TaskRequest, TaskResult } from './task.ts';
import type { PoolAnswer, RunningTask, TaskPlacement, TaskPool } from './task-pool.ts';
import type { TaskPoolHosting } from './task-pool-hosting.ts';

/** What the entry of a pool thread finds in its `workerData`. */
export interface PoolThreadData<Job> {
  readonly job: Job;
  readonly options: JobOptions;
  /** The plan's, as the driver compiled it (I9). */
  readonly fingerprint: string;
}

/** What the entry's `runTask` is called with. `prepare`: load the job and build the plan. `close`: close what is in memory. */
export type PoolMessage =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'task'; readonly request: TaskRequest }
  | { readonly kind: 'close' };
export type PoolReply = TaskResult | { readonly kind: 'prepared' } | { readonly kind: 'closed' };

export interface PiscinaTaskPoolHostingOptions<Job> {
  readonly entry: URL;
  readonly job: Job;
  readonly clock: Clock;
  /** Threads beyond the least number end when they have had nothing to do for so long. Default 10 s. */
  readonly idleThreadMs?: DurationMs | undefined;
}

/** See `idleThreadMs`. */
const IDLE_THREAD_MS = 10_000;

/** An asked thread closes its files; after this it is ended (it cannot write to LMDB, so that is safe). */
const CLOSE_TIMEOUT_MS = 2000;

export class PiscinaTaskPoolHosting<Job> implements TaskPoolHosting {
  readonly #options: PiscinaTaskPoolHostingOptions<Job>;

  constructor(options: PiscinaTaskPoolHostingOptions<Job>) {
    this.#options = options;
  }

  async open(plan: PhysicalPlan, options: JobOptions): Promise<TaskPool> {
    const { entry, job, clock, idleThreadMs = IDLE_THREAD_MS } = this.#options;
    const data: PoolThreadData<Job> = { job, options, fingerprint: plan.fingerprint };
    const pool = new PiscinaTaskPool(data, plan, { entry, clock, idleThreadMs });
    try {
      await pool.prepare();
      return pool;
    } catch (thrown) {
      await pool.close();
      throw thrown;
    }
  }
}

/** A task on its way to a thread or on it. */
interface Ticket extends WaitingTask {
  readonly message: PoolMessage;
  readonly abort: AbortController;
  /** `undefined`: any thread without a task. */
  target: PoolThread | undefined;
  thread: PoolThread | undefined;
  beganAt: number;
  onBegun(thread: PoolThread): void;
  settle(result: PoolReply): void;
}

interface PoolSurroundings {
  readonly entry: URL;
  readonly clock: Clock;
  readonly idleThreadMs: DurationMs;
}

class PiscinaTaskPool<Job> implements TaskPool {
  readonly #piscina: Piscina<PoolMessage, PoolReply>;
  readonly #clock: Clock;
  readonly #plan: PhysicalPlan;
  readonly #threadsMax: number;
  readonly #prepareTimeoutMs: number;
  #waiting: Ticket[] = [];
  readonly #running = new Set<Ticket>();
  /** Threads that have had a task: the others may still be starting, and take the first task that is meant for no thread. */
  readonly #known = new Set<PoolThread>();
  /** Threads that are loading the job. */
  #preparing = 0;
  /** Of threads that were ended in mid-task. */
  readonly #exits: Promise<unknown>[] = [];
  #closing: Promise<void> | undefined;

  constructor(data: PoolThreadData<Job>, plan: PhysicalPlan, { entry, clock, idleThreadMs }: PoolSurroundings) {
    const { minWorkers, maxWorkers } = data.options.batch;
    this.#clock = clock;
    this.#plan = plan;
    this.#threadsMax = maxWorkers;
    this.#prepareTimeoutMs = data.options.startTimeoutMs;
    this.#piscina = new Piscina({
      filename: entry.href,
      name: 'runTask',
      minThreads: minWorkers,
      maxThreads: maxWorkers,
      idleTimeout: idleThreadMs,
      workerData: data,
      recordTiming: false,
      // 'sync' would keep timers and ports of a thread from running between tasks.
      atomics: 'disabled',
      loadBalancer: (task, threads) => this.#place(task, threads),
    });
    // A thread that dies without a task is replaced when one is needed; who has a task hears of it by its promise.
    this.#piscina.on('error', (thrown) => this.#threadEnded(thrown));
  }

  /** Has the least number of threads load the job. Rejects with what kept one from it. */
  async prepare(): Promise<void> {
    const { minThreads } = this.#piscina.options;
    const replies = Array.from({ length: minThreads }, () => this.#prepareThread());
    for (const reply of await Promise.all(replies)) if (reply.kind === 'failed') throw fromReport(reply.report);
  }

  run(request: TaskRequest, placement: TaskPlacement): RunningTask {
    let onBegun: (thread: PoolThread) => void = () => {};
    const begun = new Promise<PoolThread>((resolve) => {
      onBegun = resolve;
    });
    const ticket = this.#ticket(
      { kind: 'task', request },
      { ...placement, isStateless: isStateless(this.#plan.stages[request.stage]!) },
      onBegun,
    );
    const answer = ticket.reply.then((reply): PoolAnswer => {
      assert(reply.kind !== 'prepared' && reply.kind !== 'closed', 'a task is answered with its result');
      const { thread, beganAt } = ticket;
      const durationMs = thread === undefined ? 0 : this.#clock.monotonic() - beganAt;
      return { result: reply, thread, durationMs };
    });
    if (this.#closing === undefined) this.#waiting.push(ticket);
    else ticket.settle({ kind: 'failed', report: closed() });
    this.#dispatch();
    return { answer, begun, kill: () => this.#kill(ticket, hung()) };
  }

  idleThreads(): number {
    if (this.#closing !== undefined || this.#waiting.length > 0) return 0;
    return Math.max(0, this.#threadsMax - this.#running.size);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const ticket of this.#waiting.splice(0)) ticket.settle({ kind: 'failed', report: closed() });
    const idle = this.#idle();
    for (const ticket of this.#running) ticket.settle({ kind: 'failed', report: closed() });
    await this.#closeSubtasks(idle);
    // Of a thread that was ended before, Piscina may hear when it has been destroyed, and it would start another one in its place.
    this.#piscina.options.minThreads = 0;
    await this.#piscina.destroy();
    await Promise.all(this.#exits);
  }

  /** Operators, readers and writers in memory are closed where nothing runs; a thread that does not come back is ended all the same. */
  async #closeSubtasks(threads: readonly PoolThread[]): Promise<void> {
    const tickets = threads.map((thread) => {
      const ticket = this.#ticket({ kind: 'close' }, { ...ANYWHERE, isStateless: true }, () => {});
      this.#send(ticket, thread);
      return ticket;
    });
    let timer: Cancellable | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = this.#clock.schedule(CLOSE_TIMEOUT_MS, resolve);
    });
    await Promise.race([Promise.all(tickets.map(({ reply }) => reply)), timeout]);
    timer?.cancel();
  }

  /** A task that waits gets the thread when it has loaded the job: that is no part of the task, nor of its time. */
  async #grow(): Promise<void> {
    this.#preparing++;
    const reply = await this.#prepareThread();
    this.#preparing--;
    if (reply.kind === 'failed' && this.#knownAlive().length === 0) {
      for (const ticket of this.#waiting.splice(0)) ticket.settle(reply);
    }
    this.#dispatch();
  }

  async #prepareThread(): Promise<PoolReply> {
    const ticket = this.#ticket({ kind: 'prepare' }, { ...ANYWHERE, isStateless: true }, () => {});
    const timer = this.#clock.schedule(this.#prepareTimeoutMs, () =>
      this.#kill(
        ticket,
        describeWorkerLoss('a thread of the pool', { kind: 'start-timeout', timeoutMs: this.#prepareTimeoutMs }, false),
      ),
    );
    this.#send(ticket, undefined);
    const reply = await ticket.reply;
    timer.cancel();
    return reply;
  }

  #ticket(
    message: PoolMessage,
    waiting: WaitingTask,
    onBegun: (thread: PoolThread) => void,
  ): Ticket & { readonly reply: Promise<PoolReply> } {
    let settle: (reply: PoolReply) => void = () => {};
    const reply = new Promise<PoolReply>((resolve) => {
      settle = resolve;
    });
    const abort = new AbortController();
    return { ...waiting, message, abort, target: undefined, thread: undefined, beganAt: 0, onBegun, settle, reply };
  }

  #kill(ticket: Ticket, report: ErrorReport): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== ticket);
    ticket.settle({ kind: 'failed', report });
    // Piscina forgets the thread that it ends: whoever closes the pool waits for it too (I10).
    const thread = this.#piscina.threads.find(({ threadId }) => threadId === ticket.thread);
    if (thread !== undefined) this.#exits.push(new Promise((resolve) => thread.once('exit', resolve)));
    ticket.abort.abort();
  }

  /** Without a task. Piscina starts no other in place of one that could not start: who waits for that would wait for ever. */
  #threadEnded(thrown: unknown): void {
    if (this.#piscina.threads.length > 0) return;
    const report = describeWorkerLoss('a thread of the pool', { kind: 'threw', thrown }, false);
    for (const ticket of this.#running) if (ticket.thread === undefined) this.#kill(ticket, report);
  }

  #dispatch(): void {
    if (this.#closing !== undefined || this.#waiting.length === 0) return;
    const idle = this.#idle();
    const known = this.#knownAlive();
    const unplaced = [...this.#running].filter(({ thread }) => thread === undefined).length;
    const growthMax = Math.min(this.#threadsMax - known.length - unplaced, this.#waiting.length - this.#preparing);
    const assignments = assignTasks(this.#waiting, {
      idle,
      busy: known.filter((thread) => !idle.includes(thread)),
      growth: Math.max(0, growthMax),
    });
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(
      (_, index) => !assignments.some(({ task, thread }) => task === index && thread !== 'new'),
    );
    for (const { task, thread } of assignments) {
      if (thread === 'new') void this.#grow();
      else this.#send(waiting[task]!, thread);
    }
  }

  #knownAlive(): readonly PoolThread[] {
    const alive = this.#piscina.threads.map(({ threadId }) => threadId).filter((id) => id > 0);
    for (const id of this.#known) if (!alive.includes(id)) this.#known.delete(id);
    return [...this.#known];
  }

  #idle(): readonly PoolThread[] {
    const taken = new Set([...this.#running].flatMap(({ target, thread }) => [target, thread]));
    return this.#knownAlive().filter((id) => !taken.has(id));
  }

  #send(ticket: Ticket, target: PoolThread | undefined): void {
    ticket.target = target;
    this.#running.add(ticket);
    const message = Object.assign({ ...ticket.message }, { [Piscina.queueOptionsSymbol]: ticket });
    this.#piscina
      .run(message, { signal: ticket.abort.signal })
      .then(
        (reply) => ticket.settle(reply),
        (thrown: unknown) => ticket.settle({ kind: 'failed', report: describeLoss(thrown) }),
      )
      .finally(() => {
        this.#running.delete(ticket);
        this.#dispatch();
      });
  }

  /**
   * Piscina asks for a thread for each task that it takes up, and queues the task where there is none; while it has one queued, it queues
   * whatever comes, threads idle or not. So a queued task gets the first thread that is free, whichever it is: then none is idle while
   * one is queued.
   */
  #place(task: PiscinaTask, threads: readonly PiscinaThread[]): PiscinaThread | null {
    const ticket = (task as unknown as Record<symbol, Ticket>)[Piscina.queueOptionsSymbol]!;
    const free = threads.filter((thread) => thread.currentUsage === 0);
    const found = free.find((thread) => thread.id === ticket.target) ?? free[0];
    if (found === undefined) return null;
    this.#known.add(found.id);
    ticket.thread = found.id;
    ticket.beganAt = this.#clock.monotonic();
    ticket.onBegun(found.id);
    return found;
  }
}

type PiscinaThread = Parameters<
  NonNullable<ConstructorParameters<typeof Piscina>[0]>['loadBalancer'] & object
>[1][number];

const ANYWHERE: TaskPlacement = { preferred: undefined, avoided: new Set() };

function closed(): ErrorReport {
  return toReport(new WorkerLostError('the pool of threads was closed'));
}

function hung(): ErrorReport {
  return toReport(
    new WorkerLostError('a task of the pool did not come back from its operators and was ended with its thread', {
      code: 'ERR_WORKER_HUNG',
    }),
  );
}

/** What Piscina says of a thread that is gone. */
function describeLoss(thrown: unknown): ErrorReport {
  const exit = thrown instanceof Error ? /^worker exited with code: (\d+)$/.exec(thrown.message) : null;
  const end =
    exit === null ? ({ kind: 'threw', thrown } as const) : ({ kind: 'exited', code: Number(exit[1]) } as const);
  return describeWorkerLoss('a thread of the pool', end, true);
}
