/** A terminal that remembers, signals on demand, and a job whose end the test decides. */
import type { CliPorts, JobRunner, RunningJob, StopSignal, Terminal } from '../../src/cli/runner.ts';
import type { JobOutcome, JobStatus, LatencySummary, StartOptions } from '../../src/index.ts';
import { SimulatedClock } from '../../src/testing/simulated-clock.ts';

const NOTHING: LatencySummary = { count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };

export function statusOf(parts: Partial<JobStatus> = {}): JobStatus {
  return {
    job: 'delays',
    state: 'running',
    mode: 'continuous',
    isAdaptive: false,
    switches: 0,
    lastSwitch: undefined,
    behindMs: 0,
    time: { operators: {}, heldBackBy: undefined, idleSplits: 0, untimed: {} },
    late: {},
    batch: undefined,
    generation: 1,
    restarts: 0,
    uptimeMs: 2000,
    epoch: 2,
    epochsCommitted: 2,
    recordsRead: 20_000,
    recordsWritten: 21_500,
    recordsSkipped: 0,
    deadLetters: 0,
    recordsReadByRun: 20_000,
    sources: { active: 1, idle: 0, ended: 0 },
    stateBytes: 2048,
    stateEntries: 220,
    latency: { count: 21_500, p50: 0.0751, p90: 0.4, p99: 1.25, p999: 12.34, max: 104.5 },
    pauses: NOTHING,
    commits: { count: 2, p50: 3.1, p90: 5, p99: 5, p999: 5, max: 5 },
    epochInFlight: undefined,
    lastFailure: undefined,
    recentRestarts: [],
    lastRecoveryMs: undefined,
    allowedChanges: [],
    ...parts,
  };
}

export class FakeJob implements RunningJob {
  readonly finished: Promise<JobOutcome>;
  drains = 0;
  current: JobStatus | undefined = statusOf();
  finish: (outcome: JobOutcome) => void = () => {};

  constructor() {
    this.finished = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  status(): JobStatus | undefined {
    return this.current;
  }

  drain(): Promise<JobOutcome> {
    this.drains++;
    return this.finished;
  }
}

export class FakePorts implements CliPorts {
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly job: FakeJob = new FakeJob();
  out = '';
  err = '';
  isInteractive = false;
  width = 80;
  readonly exits: number[] = [];
  readonly started: { readonly job: string; readonly options: StartOptions }[] = [];
  /** What `start` waits for; rejects to refuse the job. */
  startGate: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<(signal: StopSignal) => void>();

  get terminal(): Terminal {
    return {
      out: (text) => {
        this.out += text;
      },
      err: (text) => {
        this.err += text;
      },
      isInteractive: this.isInteractive,
      columns: () => this.width,
    };
  }

  readonly runner: JobRunner = {
    start: async (job, options) => {
      this.started.push({ job, options });
      await this.startGate;
      return this.job;
    },
  };

  onSignal(listener: (signal: StopSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  exitNow(code: number): void {
    this.exits.push(code);
  }

  signal(signal: StopSignal): void {
    for (const listener of this.#listeners) listener(signal);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}
