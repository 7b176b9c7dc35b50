/**
 * Which engine runs a job, and changing it: a switch is asked for, the threads of the other engine are brought up while the old one
 * goes on, then the generation ends behind its last epoch and the next begins in the other mode (I10). Nothing is lost
 * or repeated, because a switch is a restart at an epoch that was chosen.
 *
 * It ends no generation itself: its owner does, when {@link ModeControlOptions.onPrepared} is called.
 */
import {
  CancelledError,
  type Clock,
  type DurationMs,
  type Epoch,
  MillraceError,
  type MonotonicMs,
  OptionError,
} from '../model/index.ts';
import { decideMode, type ModeState } from './decide-mode.ts';
import type { Engine } from './engine.ts';
import type { EngineMode, ExecutionMode, JobOptions } from './options.ts';

/** How one switch went. */
export interface SwitchReport {
  readonly from: EngineMode;
  readonly to: EngineMode;
  /** The last epoch of the old mode. */
  readonly epoch: Epoch;
  /** Bringing up the new engine while the old one went on, ms. */
  readonly prepareMs: DurationMs;
  /** From when the old mode had nothing left to read before the switch until records moved in the new one, ms. */
  readonly pauseMs: DurationMs;
}

export interface ModeControlOptions {
  readonly clock: Clock;
  readonly options: JobOptions;
  readonly engines: Readonly<Record<EngineMode, Engine>>;
  /** Brings up the threads of an engine. */
  prepare(engine: Engine): Promise<void>;
  /** The generation that runs is to end behind one more epoch. */
  onPrepared(): void;
}

interface PendingSwitch {
  readonly from: EngineMode;
  readonly to: EngineMode;
  readonly askedAt: MonotonicMs;
  readonly done: Promise<SwitchReport>;
  settle(report: SwitchReport): void;
  fail(reason: MillraceError): void;
  /** `undefined`: the new engine is still being brought up. */
  preparedAt: MonotonicMs | undefined;
  pausedAt: MonotonicMs | undefined;
  isTakenBack: boolean;
}

export class ModeControl {
  readonly #options: ModeControlOptions;
  #mode: EngineMode;
  #isAdaptive: boolean;
  #adaptive: ModeState | undefined;
  #pending: PendingSwitch | undefined;
  #switches = 0;
  #lastSwitch: SwitchReport | undefined;

  constructor(options: ModeControlOptions) {
    this.#options = options;
    const { mode } = options.options;
    this.#isAdaptive = mode === 'adaptive';
    // A job that begins has a backlog until the contrary is known.
    this.#mode = mode === 'adaptive' ? 'microbatch' : mode;
  }

  get mode(): EngineMode {
    return this.#mode;
  }

  get engine(): Engine {
    return this.#options.engines[this.#mode];
  }

  /** Of the generation that begins next, as things stand. */
  get nextEngine(): Engine {
    return this.#options.engines[this.#nextMode()];
  }

  /** For `status`. */
  summary(): {
    readonly mode: EngineMode;
    readonly isAdaptive: boolean;
    readonly switches: number;
    readonly lastSwitch: SwitchReport | undefined;
  } {
    return { mode: this.#mode, isAdaptive: this.#isAdaptive, switches: this.#switches, lastSwitch: this.#lastSwitch };
  }

  /** Whether the generation that ends gives way to one of the other mode. */
  isSwitchPrepared(): boolean {
    return this.#nextMode() !== this.#mode;
  }

  /**
   * A user asks. A mode by name ends adaptive mode. Resolves when the job runs in that mode; at once, with a pause of 0, when it does
   * already. Rejects when another switch is under way, when the other engine cannot be brought up (the job goes on as it was), and when
   * the job ends before. A switch whose new mode fails again and again before it runs can be taken back.
   */
  async request(mode: ExecutionMode): Promise<SwitchReport> {
    if (mode === 'adaptive') {
      this.#requireAdaptable();
      this.#isAdaptive = true;
      return this.#stay();
    }
    if (this.#pending !== undefined && this.#pending.to !== mode) {
      if (this.#mode === this.#pending.to) return this.#takeBack(this.#pending);
      throw new MillraceError(
        `the job is being switched to ${this.#pending.to} mode; wait for that before it is switched to ${mode}`,
        { code: 'ERR_SWITCH_UNDER_WAY', domain: 'user', recovery: 'none' },
      );
    }
    this.#isAdaptive = false;
    return this.#pending?.done ?? this.#begin(mode);
  }

  /** For how long the sources have had something left to read. In adaptive mode this may begin a switch. */
  observe(behindMs: DurationMs): void {
    if (!this.#isAdaptive || this.#pending !== undefined) return;
    const { clock, options } = this.#options;
    const decision = decideMode(
      this.#adaptive,
      { now: clock.monotonic(), mode: this.#mode, behindMs },
      options.adaptive,
    );
    this.#adaptive = decision.state;
    // What kept the engine from coming up is tried again when the backlog says so again.
    if (decision.mode !== this.#mode) this.#begin(decision.mode).catch(() => undefined);
  }

  /** The old mode stands still since `at`. The first moment counts. */
  paused(at: MonotonicMs): void {
    if (this.#pending?.preparedAt !== undefined) this.#pending.pausedAt ??= at;
  }

  /**
   * A generation begins: in the mode asked for, if that is prepared; also when the one before it failed. Resolves when no threads are left
   * that came up for another one in the old mode.
   */
  async generationBegins(): Promise<void> {
    const { engine } = this;
    this.#mode = this.#nextMode();
    if (this.#pending?.isTakenBack === true) {
      this.#pending.fail(new CancelledError(`the switch to ${this.#pending.to} mode was taken back before it ran`));
      this.#pending = undefined;
    }
    if (engine !== this.engine) await engine.close();
  }

  /** Its records move, behind `epoch`. */
  generationMoves(epoch: Epoch): void {
    const pending = this.#pending;
    if (pending?.preparedAt === undefined || pending.to !== this.#mode) return;
    const now = this.#options.clock.monotonic();
    const { from, to, askedAt, preparedAt } = pending;
    const pauseMs = now - (pending.pausedAt ?? now);
    const report: SwitchReport = { from, to, epoch, prepareMs: preparedAt - askedAt, pauseMs };
    this.#pending = undefined;
    this.#switches++;
    this.#lastSwitch = report;
    pending.settle(report);
  }

  /** Nothing runs any more. */
  async jobEnds(): Promise<void> {
    this.#pending?.fail(new CancelledError('the job ended before it was switched'));
    this.#pending = undefined;
    await Promise.all(Object.values(this.#options.engines).map((engine) => engine.close()));
  }

  async #begin(to: EngineMode): Promise<SwitchReport> {
    if (to === this.#mode) return this.#stay();
    const { clock, engines, onPrepared, prepare } = this.#options;
    const pending = newSwitch(this.#mode, to, clock.monotonic());
    this.#pending = pending;
    prepare(engines[to]).then(
      () => {
        if (this.#pending !== pending) return;
        pending.preparedAt = clock.monotonic();
        onPrepared();
      },
      (thrown: unknown) => {
        if (this.#pending === pending) this.#pending = undefined;
        pending.fail(
          new MillraceError(`the job stays in ${this.#mode} mode, because ${to} mode could not be brought up`, {
            code: 'ERR_SWITCH_FAILED',
            domain: 'internal',
            recovery: 'none',
            cause: thrown,
          }),
        );
      },
    );
    return pending.done;
  }

  /** The generation that is being opened may run all the same: then the switch was made, and is made again the other way. */
  #takeBack(pending: PendingSwitch): Promise<SwitchReport> {
    this.#isAdaptive = false;
    pending.isTakenBack = true;
    return pending.done.then(
      () => this.#begin(pending.from),
      () => this.#stay(),
    );
  }

  #nextMode(): EngineMode {
    if (this.#pending?.preparedAt === undefined) return this.#mode;
    return this.#pending.isTakenBack ? this.#pending.from : this.#pending.to;
  }

  #requireAdaptable(): void {
    const { trigger } = this.#options.options.batch;
    if (trigger !== 'available-now' && trigger !== 'once') return;
    throw new OptionError(
      `a job with batch.trigger '${trigger}' ends by itself behind what it reads in batches: it cannot change its mode with the backlog`,
      [],
    );
  }

  #stay(): SwitchReport {
    return { from: this.#mode, to: this.#mode, epoch: this.#lastSwitch?.epoch ?? 0, prepareMs: 0, pauseMs: 0 };
  }
}

function newSwitch(from: EngineMode, to: EngineMode, askedAt: MonotonicMs): PendingSwitch {
  let settle: (report: SwitchReport) => void = () => {};
  let fail: (reason: MillraceError) => void = () => {};
  const done = new Promise<SwitchReport>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  done.catch(() => undefined);
  return { from, to, askedAt, done, settle, fail, preparedAt: undefined, pausedAt: undefined, isTakenBack: false };
}
