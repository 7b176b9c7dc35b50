/**
 * A pool of threads that do what the test says: tasks begin by themselves where a thread is idle, and end as they are told. Claims and
 * heartbeats are the real ones.
 */
import { SharedClaim, SharedHeartbeatWriter } from '../../src/channels/index.ts';
import type { AttemptNumber, PoolThread, TaskOutput, TaskRequest, TaskResult } from '../../src/microbatch/task.ts';
import type { PoolAnswer, RunningTask, TaskPlacement, TaskPool } from '../../src/microbatch/task-pool.ts';
import { type Clock, type ErrorReport, toReport, WorkerLostError } from '../../src/model/index.ts';

/** Lets everything that needs no further event happen. */
export const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

export class FakeTask {
  readonly request: TaskRequest;
  readonly placement: TaskPlacement;
  readonly running: RunningTask;
  thread: PoolThread | undefined;
  isKilled = false;
  readonly #pool: FakeTaskPool;
  #beganAt = 0;
  #begin: (thread: PoolThread) => void = () => {};
  #answer: (answer: PoolAnswer) => void = () => {};

  constructor(pool: FakeTaskPool, request: TaskRequest, placement: TaskPlacement) {
    this.#pool = pool;
    this.request = request;
    this.placement = placement;
    this.running = {
      answer: new Promise((resolve) => {
        this.#answer = resolve;
      }),
      begun: new Promise((resolve) => {
        this.#begin = resolve;
      }),
      kill: () => {
        this.isKilled = true;
        this.lose();
      },
    };
  }

  get attempt(): AttemptNumber {
    return this.request.attempt;
  }

  /** `stage.subtask` */
  get name(): string {
    return `${this.request.stage}.${this.request.subtask}`;
  }

  holdsClaim(): boolean {
    return new SharedClaim(this.request.claim).holder() === this.attempt;
  }

  begin(thread: PoolThread): void {
    this.thread = thread;
    this.#beganAt = this.#pool.clock.monotonic();
    this.#begin(thread);
  }

  /** As a task does just before it writes. */
  takeClaim(): boolean {
    return new SharedClaim(this.request.claim).take(this.attempt);
  }

  beat(): void {
    const heartbeat = new SharedHeartbeatWriter(this.request.heartbeat);
    heartbeat.enter('running');
    heartbeat.beat();
  }

  /** Does what is left to do: done, or superseded where another one has the claim. */
  finish(): void {
    const output = { attempt: this.attempt } as unknown as TaskOutput;
    this.end(this.takeClaim() ? { kind: 'done', output } : { kind: 'superseded' });
  }

  fail(report: ErrorReport = toReport(new Error(`attempt ${this.attempt} failed`))): void {
    this.end({ kind: 'failed', report });
  }

  /** Its thread dies. */
  lose(): void {
    const { thread } = this;
    this.fail(toReport(new WorkerLostError('a thread of the pool is gone')));
    if (thread !== undefined) this.#pool.replaceThread(thread);
  }

  end(result: TaskResult): void {
    const durationMs = this.thread === undefined ? 0 : this.#pool.clock.monotonic() - this.#beganAt;
    this.#pool.ended(this);
    this.#answer({ result, thread: this.thread, durationMs });
  }
}

export class FakeTaskPool implements TaskPool {
  readonly clock: Clock;
  /** Everything that was ever given to it. */
  readonly tasks: FakeTask[] = [];
  #waiting: FakeTask[] = [];
  #busy: FakeTask[] = [];
  #threads: PoolThread[];
  #lastThread: PoolThread;

  constructor(clock: Clock, threads: number) {
    this.clock = clock;
    this.#threads = Array.from({ length: threads }, (_, index) => index + 1);
    this.#lastThread = threads;
  }

  run(request: TaskRequest, placement: TaskPlacement): RunningTask {
    const task = new FakeTask(this, request, placement);
    this.tasks.push(task);
    this.#waiting.push(task);
    this.#dispatch();
    return task.running;
  }

  idleThreads(): number {
    return Math.max(0, this.#threads.length - this.#busy.length - this.#waiting.length);
  }

  async close(): Promise<void> {
    for (const task of [...this.#busy, ...this.#waiting])
      task.fail(toReport(new WorkerLostError('the pool was closed')));
  }

  /** On threads. */
  busy(): readonly FakeTask[] {
    return this.#busy;
  }

  /** The attempt of that number. */
  attempt(number: AttemptNumber): FakeTask {
    const task = this.tasks.find(({ attempt }) => attempt === number);
    if (task === undefined) throw new Error(`attempt ${number} was never made; ${this.tasks.length} were`);
    return task;
  }

  replaceThread(thread: PoolThread): void {
    this.#threads = [...this.#threads.filter((other) => other !== thread), ++this.#lastThread];
    this.#dispatch();
  }

  ended(task: FakeTask): void {
    this.#busy = this.#busy.filter((other) => other !== task);
    this.#waiting = this.#waiting.filter((other) => other !== task);
    this.#dispatch();
  }

  #dispatch(): void {
    for (const task of [...this.#waiting]) {
      const idle = this.#threads.filter((thread) => this.#busy.every((other) => other.thread !== thread));
      const { preferred, avoided } = task.placement;
      const thread = idle.find((id) => id === preferred) ?? idle.find((id) => !avoided.has(id)) ?? idle[0];
      if (thread === undefined) return;
      this.#waiting = this.#waiting.filter((other) => other !== task);
      this.#busy.push(task);
      task.begin(thread);
    }
  }
}
