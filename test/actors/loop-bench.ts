/** A worker loop on an imitation thread: its parker, heartbeat, event loop and clock are in the hands of the test. */
import { WorkerLoop, type WorkerLoopLimits } from '../../src/actors/index.ts';
import type {
  ErrorReport,
  HeartbeatState,
  HeartbeatWriter,
  MonotonicMs,
  Parker,
  Steppable,
  StepResult,
} from '../../src/model/index.ts';
import { SimulatedClock } from './simulated-clock.ts';

/** Answers each step from a script; when that is used up it is idle. */
export class ScriptedSteppable implements Steppable {
  readonly name: string;
  readonly budgets: number[] = [];
  script: (StepResult | (() => StepResult))[];
  rest: StepResult | (() => StepResult) = 'idle';
  wake: MonotonicMs = Number.POSITIVE_INFINITY;
  input = false;
  closed = 0;
  readonly #log: string[];

  constructor(name: string, log: string[], script: (StepResult | (() => StepResult))[] = []) {
    this.name = name;
    this.#log = log;
    this.script = script;
  }

  step(budget: number): StepResult {
    this.budgets.push(budget);
    this.#log.push(this.name);
    const next = this.script.shift() ?? this.rest;
    return typeof next === 'function' ? next() : next;
  }

  wakeAt(): MonotonicMs {
    return this.wake;
  }

  hasInput(): boolean {
    return this.input;
  }

  close(): void {
    this.closed++;
    this.#log.push(`close ${this.name}`);
  }
}

/** Sleeps in simulated time. `onPark` may ring, that is: say after how many milliseconds the sleep ends. */
export class SimulatedParker implements Parker {
  readonly timeouts: number[] = [];
  onPark: (timeoutMs: number) => number = (timeoutMs) => timeoutMs;
  isSignalled = false;
  readonly #clock: SimulatedClock;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  park(timeoutMs: number, hasWork: () => boolean): void {
    this.timeouts.push(timeoutMs);
    if (hasWork()) return;
    this.#clock.advance(this.onPark(timeoutMs));
  }

  takeControlSignal(): boolean {
    const isSignalled = this.isSignalled;
    this.isSignalled = false;
    return isSignalled;
  }
}

export class RecordingHeartbeat implements HeartbeatWriter {
  readonly states: HeartbeatState[] = [];
  beats = 0;

  beat(): void {
    this.beats++;
  }

  enter(state: HeartbeatState): void {
    this.states.push(state);
  }
}

export class LoopBench {
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly parker: SimulatedParker = new SimulatedParker(this.clock);
  readonly heartbeat: RecordingHeartbeat = new RecordingHeartbeat();
  readonly failures: ErrorReport[] = [];
  /** Names of the steppables in the order in which they were stepped and closed. */
  readonly log: string[] = [];
  isAsyncPending = false;
  #eventLoop: (() => void)[] = [];

  steppable(name: string, ...script: (StepResult | (() => StepResult))[]): ScriptedSteppable {
    return new ScriptedSteppable(name, this.log, script);
  }

  loop(steppables: readonly Steppable[], limits: Partial<WorkerLoopLimits> = {}): WorkerLoop {
    return new WorkerLoop({
      steppables,
      parker: this.parker,
      heartbeat: this.heartbeat,
      clock: this.clock,
      isAsyncPending: () => this.isAsyncPending,
      onFailure: (report) => void this.failures.push(report),
      yieldToEventLoop: (callback) => void this.#eventLoop.push(callback),
      limits,
    });
  }

  /** A step that takes that long. */
  taking(durationMs: number, result: StepResult): () => StepResult {
    return () => {
      this.clock.advance(durationMs);
      return result;
    };
  }

  /** One turn of the event loop; false when nothing waits for one. */
  turn(): boolean {
    const due = this.#eventLoop;
    this.#eventLoop = [];
    for (const callback of due) callback();
    return due.length > 0;
  }
}
