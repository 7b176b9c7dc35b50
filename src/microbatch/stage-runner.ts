/**
 * Runs the tasks of one superstep to their end: every task is won by one attempt, or the superstep fails. Failed attempts are made
 * again on another thread, stragglers are run twice, hung threads are ended.
 *
 * It decides little itself (`decide-answer.ts`, `decide-speculation.ts`) and knows nothing of what a task does. The pool belongs to its
 * caller.
 *
 * R1. A task has one result, of the attempt that holds its claim (I4).
 * R2. Attempts that can win run under one claim; a new claim is made when none is left that can, after the old one is taken for good.
 *     Where what a task writes is seen at once, one whose claim was held is not made again: its batch begins anew, in a new generation.
 * R3. A task fails at most `attemptsMax` times, and at most two of its attempts run that can win (I8).
 */
import { HeartbeatMonitor } from '../actors/index.ts';
import { createClaim, createHeartbeat, SharedClaim, SharedHeartbeatReader } from '../channels/index.ts';
import type { JobOptions } from '../execution/options.ts';
import {
  assert,
  type Cancellable,
  CancelledError,
  type Clock,
  type ErrorReport,
  fromReport,
  type MonotonicMs,
  type StageIndex,
  type SubtaskId,
  subtaskId,
  toReport,
  WorkerLostError,
} from '../model/index.ts';
import type { PhysicalPlan, Stage } from '../plan/physical-plan.ts';
import { decideAnswer } from './decide-answer.ts';
import { decideStragglerMs, type TaskTime } from './decide-speculation.ts';
import type { PlannedTask } from './derive-tasks.ts';
import type { AttemptNumber, PoolThread, TaskInput, TaskOutput, TaskWork } from './task.ts';
import type { PoolAnswer, RunningTask, TaskPool } from './task-pool.ts';

export interface StageRunnerOptions {
  readonly pool: TaskPool;
  readonly clock: Clock;
  readonly plan: Pick<PhysicalPlan, 'stages'>;
  /** `batch.attemptsMax`, `batch.speculation`, `operatorTimeoutMs`. */
  readonly options: Pick<JobOptions, 'operatorTimeoutMs'> & {
    readonly batch: Pick<JobOptions['batch'], 'attemptsMax' | 'speculation'>;
  };
}

/** Since the runner was made. */
export interface StageRunnerCounts {
  /** Attempts made because another one failed. */
  readonly retries: number;
  /** Attempts made beside one that was slow. */
  readonly speculations: number;
  /** Threads that died or were ended because they hung. */
  readonly lostThreads: number;
}

interface Task {
  readonly work: TaskWork;
  readonly preferred: PoolThread | undefined;
  readonly running: Set<Attempt>;
  readonly failedOn: Set<PoolThread>;
  /** The one that counts. */
  claim: SharedArrayBuffer;
  failures: number;
  output: TaskOutput | undefined;
}

interface Attempt {
  readonly number: AttemptNumber;
  readonly claim: SharedArrayBuffer;
  readonly running: RunningTask;
  thread: PoolThread | undefined;
  begunAt: MonotonicMs | undefined;
  hung: ErrorReport | undefined;
  stopWatch: () => void;
}

interface Superstep {
  readonly tasks: readonly Task[];
  readonly done: Map<StageIndex, TaskTime[]>;
  left: number;
  resolve(outputs: readonly TaskOutput[]): void;
  reject(error: Error): void;
}

/** Who did the last task of a subtask, and has its state in memory. */
interface Home {
  readonly epoch: number;
  readonly attempt: AttemptNumber;
  readonly thread: PoolThread;
}

/** Tasks of a stage that are remembered to compare later ones with. */
const EARLIER_MAX = 32;

export class StageRunner {
  readonly #options: StageRunnerOptions;
  readonly #monitor: HeartbeatMonitor;
  readonly #homes = new Map<SubtaskId, Home>();
  readonly #earlier = new Map<StageIndex, TaskTime[]>();
  readonly #seenAtOnce: ReadonlySet<StageIndex>;
  #superstep: Superstep | undefined;
  #attempts: AttemptNumber = 0;
  #watched = 0;
  #timer: Cancellable | undefined;
  /** Why no superstep can be run any more: closed, or a bug. */
  #broken: Error | undefined;
  #retries = 0;
  #speculations = 0;
  #lostThreads = 0;

  constructor(options: StageRunnerOptions) {
    const { clock, options: job } = options;
    assert(job.batch.attemptsMax >= 1, 'a task is tried once at least');
    this.#options = options;
    this.#seenAtOnce = new Set(options.plan.stages.filter(isSeenAtOnce).map(({ index }) => index));
    this.#monitor = new HeartbeatMonitor({ clock, operatorTimeoutMs: job.operatorTimeoutMs });
  }

  counts(): StageRunnerCounts {
    return { retries: this.#retries, speculations: this.#speculations, lostThreads: this.#lostThreads };
  }

  /**
   * Runs all tasks of a superstep; one superstep at a time. Resolves with what each left, in their order. Rejects with the failure
   * that was one too many, or with `CancelledError` when the runner is closed; then nothing more is started, and what still
   * runs ends with the pool.
   */
  run(tasks: readonly PlannedTask[]): Promise<readonly TaskOutput[]> {
    assert(this.#superstep === undefined, 'the barrier of BSP: a superstep begins when the one before is done');
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    if (tasks.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const prepared = tasks.map((task) => this.#prepare(task));
      this.#superstep = { tasks: prepared, done: new Map(), left: tasks.length, resolve, reject };
      for (const task of prepared) this.#attempt(task);
    });
  }

  /** Starts nothing more and ends the superstep at hand. What runs is ended by whoever owns the pool. Idempotent. */
  close(): void {
    this.#break(new CancelledError('the superstep was ended because its generation is ending'));
    this.#monitor.stop();
  }

  #prepare(work: PlannedTask): Task {
    const home = this.#homes.get(subtaskId(work.stage, work.subtask));
    const isNext = home !== undefined && home.epoch === work.epoch - 1;
    return {
      work: { ...work, continues: isNext ? home.attempt : undefined },
      preferred: home?.thread,
      running: new Set(),
      failedOn: new Set(),
      claim: createClaim(),
      failures: 0,
      output: undefined,
    };
  }

  #attempt(task: Task): void {
    const heartbeat = createHeartbeat();
    const number = ++this.#attempts;
    const avoided = new Set(task.failedOn);
    for (const { thread } of task.running) if (thread !== undefined) avoided.add(thread);
    const preferred = task.preferred !== undefined && !avoided.has(task.preferred) ? task.preferred : undefined;
    const request = { ...task.work, attempt: number, claim: task.claim, heartbeat };
    const running = this.#options.pool.run(request, { preferred, avoided });
    const attempt: Attempt = {
      number,
      claim: task.claim,
      running,
      thread: undefined,
      begunAt: undefined,
      hung: undefined,
      stopWatch: () => {},
    };
    task.running.add(attempt);
    const fail = (thrown: unknown): void => this.#break(fromReport(toReport(thrown)));
    running.begun.then((thread) => this.#begin(task, attempt, thread, heartbeat)).catch(fail);
    running.answer.then((answer) => this.#hear(task, attempt, answer)).catch(fail);
  }

  /** From here on it can hang; before, it waited for a thread. */
  #begin(task: Task, attempt: Attempt, thread: PoolThread, heartbeat: SharedArrayBuffer): void {
    if (this.#broken !== undefined || !task.running.has(attempt)) return;
    attempt.thread = thread;
    attempt.begunAt = this.#options.clock.monotonic();
    const { stage, subtask, epoch } = task.work;
    const { name: stageName } = this.#options.plan.stages[stage]!;
    const name = `subtask ${subtaskId(stage, subtask)} (${stageName}) in the batch of epoch ${epoch}`;
    const unwatch = this.#monitor.watch(name, new SharedHeartbeatReader(heartbeat), (report) => {
      attempt.hung = report;
      attempt.running.kill();
    });
    if (this.#watched++ === 0) this.#monitor.start();
    attempt.stopWatch = () => {
      unwatch();
      if (--this.#watched === 0) this.#monitor.stop();
    };
    this.#speculate();
  }

  #hear(task: Task, attempt: Attempt, answer: PoolAnswer): void {
    task.running.delete(attempt);
    attempt.stopWatch();
    const report = answer.result.kind === 'failed' ? (attempt.hung ?? answer.result.report) : undefined;
    if (report?.name === 'WorkerLostError') this.#lostThreads++;
    const superstep = this.#superstep;
    const isOpen = superstep?.tasks.includes(task) === true && task.output === undefined;
    if (isOpen) this.#decide(superstep, task, attempt, answer, report);
    // Also where the answer is of no consequence: it has made a thread idle.
    this.#speculate();
  }

  #decide(
    superstep: Superstep,
    task: Task,
    attempt: Attempt,
    answer: PoolAnswer,
    report: ErrorReport | undefined,
  ): void {
    const { result, thread } = answer;
    const isCurrent = attempt.claim === task.claim;
    if (report !== undefined && isCurrent) task.failures++;
    if (report !== undefined && thread !== undefined) task.failedOn.add(thread);
    const holder = new SharedClaim(attempt.claim).holder();
    const decision = decideAnswer({
      answer: result.kind,
      recovery: report?.recovery,
      isCurrent,
      claimHolder: holder === 0 ? 'nobody' : holder === attempt.number ? 'self' : 'other',
      othersRunning: runningUnder(task).length,
      failures: task.failures,
      attemptsMax: this.#options.options.batch.attemptsMax,
      isSeenAtOnce: this.#seenAtOnce.has(task.work.stage),
    });
    if (decision === 'win' && result.kind === 'done') this.#win(superstep, task, attempt, answer, result.output);
    if (decision === 'give-up') this.#giveUp(task, report);
    if (decision === 'retry') this.#retry(task, report);
  }

  #retry(task: Task, report: ErrorReport | undefined): void {
    // A thread that is being ended may still run for a moment: under a claim that is taken it changes nothing.
    const isHeld = !new SharedClaim(task.claim).take(++this.#attempts);
    if (isHeld && this.#seenAtOnce.has(task.work.stage)) {
      this.#giveUp(task, report);
      return;
    }
    this.#retries++;
    task.claim = createClaim();
    this.#attempt(task);
  }

  /** Without a report: the attempt that could have told was ended. */
  #giveUp(task: Task, report: ErrorReport | undefined): void {
    const { stage, subtask, epoch } = task.work;
    const failure =
      report === undefined
        ? new WorkerLostError('a task was ended while it wrote to an immediate sink; its batch begins anew')
        : fromReport(report);
    this.#fail(failure.locate({ subtask: subtaskId(stage, subtask), epoch }));
  }

  #win(superstep: Superstep, task: Task, attempt: Attempt, answer: PoolAnswer, output: TaskOutput): void {
    const { durationMs, thread } = answer;
    assert(thread !== undefined, 'a task that is done ran on a thread');
    const { stage, subtask, epoch, input } = task.work;
    task.output = output;
    this.#homes.set(subtaskId(stage, subtask), { epoch, attempt: attempt.number, thread });
    const time = { durationMs, records: recordsOf(input) };
    superstep.done.set(stage, [...(superstep.done.get(stage) ?? []), time]);
    superstep.left--;
    if (superstep.left > 0) return;
    this.#endSuperstep();
    for (const [of, times] of superstep.done) {
      this.#earlier.set(of, [...(this.#earlier.get(of) ?? []), ...times].slice(-EARLIER_MAX));
    }
    superstep.resolve(superstep.tasks.map(({ output }) => output!));
  }

  #break(error: Error): void {
    this.#broken ??= error;
    this.#fail(error);
  }

  #fail(error: Error): void {
    const superstep = this.#superstep;
    this.#endSuperstep();
    superstep?.reject(error);
  }

  #endSuperstep(): void {
    this.#superstep = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Runs stragglers a second time while a thread is idle, and comes back when the next one may be one. */
  #speculate(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { clock, options, pool } = this.#options;
    if (options.batch.speculation === 'off' || this.#superstep === undefined) return;
    const now = clock.monotonic();
    const due = this.#stragglers(this.#superstep).sort((a, b) => a.dueAt - b.dueAt);
    for (const { task, dueAt } of due) {
      if (dueAt > now) {
        this.#timer = clock.schedule(dueAt - now, () => this.#speculate());
        return;
      }
      // The answer that makes a thread idle brings us back here.
      if (pool.idleThreads() === 0) return;
      this.#speculations++;
      this.#attempt(task);
    }
  }

  /** When each task that one attempt works on becomes a straggler. */
  #stragglers(superstep: Superstep): { readonly task: Task; readonly dueAt: MonotonicMs }[] {
    return superstep.tasks.flatMap((task) => {
      const [attempt, second] = runningUnder(task);
      if (task.output !== undefined || attempt?.begunAt === undefined || second !== undefined) return [];
      const { stage, input } = task.work;
      const times = {
        tasks: superstep.tasks.filter(({ work }) => work.stage === stage).length,
        done: superstep.done.get(stage) ?? [],
        earlier: this.#earlier.get(stage) ?? [],
      };
      const afterMs = decideStragglerMs(times, recordsOf(input));
      return afterMs === undefined ? [] : [{ task, dueAt: attempt.begunAt + afterMs }];
    });
  }
}

/** Whether what its tasks write is seen before their epoch is committed. */
function isSeenAtOnce({ chain }: Stage): boolean {
  return chain.some(({ node }) => node.role === 'sink' && node.connector.delivery === 'immediate');
}

/** Attempts that can win: those under the claim that counts. */
function runningUnder({ running, claim }: Task): readonly Attempt[] {
  return [...running].filter((attempt) => attempt.claim === claim);
}

/**
 * A measure of the input that is comparable between batches: of blocks all records, though a consumer reads its share of them.
 * `undefined` where a range has no bound in records.
 */
function recordsOf(input: TaskInput): number | undefined {
  if (input.kind === 'ranges') {
    return input.splits.reduce<number | undefined>(
      (sum, { range: { recordsMax } }) =>
        sum === undefined || recordsMax === undefined ? undefined : sum + recordsMax,
      0,
    );
  }
  return input.exchanges.flatMap(({ parts }) => parts).reduce((sum, { records }) => sum + records, 0);
}
