/**
 * Runs everything of a job in one thread, in an order drawn from a seed: the same seed, the same run.
 *
 * It knows two kinds of work: steppables, and messages posted between driver and workers (in order per sender and receiver,
 * otherwise in any order). When neither makes progress, simulated time moves to the next timer; where rounds take time, it moves
 * while there is work as well.
 */
import type { RandomStream } from '../connectors/index.ts';
import type { DurationMs, Steppable } from '../model/index.ts';
import type { SimulatedClock } from './simulated-clock.ts';

export interface SimulatedSchedulerOptions {
  readonly random: RandomStream;
  readonly clock: SimulatedClock;
  /** Largest record budget of a step; each step draws from 1 to it. */
  readonly stepRecordsMax: number;
  /** Time that every round takes, ms. Default 0: time moves only when nothing else can happen. */
  readonly roundMs?: DurationMs | undefined;
}

/** Messages in flight on one link. */
type Link = (() => void)[];

/** Rounds in which nothing at all happened before the simulation is called stuck. */
const STUCK_AFTER_ROUNDS = 10_000;

export class SimulatedScheduler {
  readonly #options: SimulatedSchedulerOptions;
  readonly #steppables = new Set<{ readonly steppable: Steppable; readonly onThrow: (thrown: unknown) => void }>();
  readonly #links = new Map<string, Link>();
  #progress = 0;

  constructor(options: SimulatedSchedulerOptions) {
    this.#options = options;
  }

  get clock(): SimulatedClock {
    return this.#options.clock;
  }

  /** Returns what takes it out again. A throw takes it out as well. */
  add(steppable: Steppable, onThrow: (thrown: unknown) => void): () => void {
    const entry = { steppable, onThrow };
    this.#steppables.add(entry);
    return () => void this.#steppables.delete(entry);
  }

  /** Delivers later, behind everything posted on that link before. */
  post(link: string, deliver: () => void): void {
    const queue = this.#links.get(link) ?? [];
    queue.push(deliver);
    this.#links.set(link, queue);
  }

  /** Messages on their way on that link are lost. */
  cut(link: string): void {
    this.#links.delete(link);
  }

  /** Goes on until `done`; rejects when nothing can happen any more. */
  async runUntil(done: () => boolean): Promise<void> {
    let idleRounds = 0;
    while (!done()) {
      const before = this.#progress;
      this.#round();
      await turnOfEventLoop();
      this.clock.advance(this.#options.roundMs ?? 0);
      if (this.#progress > before || this.#hasMessages()) {
        idleRounds = 0;
        continue;
      }
      const wakeAt = this.#nextWakeAt();
      if (wakeAt !== undefined) this.clock.advanceTo(Math.max(wakeAt, this.clock.monotonic()));
      await turnOfEventLoop();
      idleRounds++;
      if (idleRounds > STUCK_AFTER_ROUNDS) throw new Error('the simulated job is stuck: nobody makes progress');
    }
  }

  /** As many draws as there are workable things. */
  #round(): void {
    const draws = this.#steppables.size + this.#links.size;
    for (let i = 0; i < draws; i++) {
      const links = [...this.#links.keys()];
      const at = this.#options.random.below(links.length + this.#steppables.size || 1);
      if (at < links.length) this.#deliver(links[at]!);
      else this.#step(at - links.length);
    }
  }

  #deliver(link: string): void {
    const queue = this.#links.get(link);
    const message = queue?.shift();
    if (queue !== undefined && queue.length === 0) this.#links.delete(link);
    if (message === undefined) return;
    this.#progress++;
    message();
  }

  #step(at: number): void {
    const entry = [...this.#steppables][at];
    if (entry === undefined) return;
    try {
      const result = entry.steppable.step(1 + this.#options.random.below(this.#options.stepRecordsMax));
      if (result === 'progress') this.#progress++;
    } catch (thrown) {
      this.#steppables.delete(entry);
      entry.onThrow(thrown);
      this.#progress++;
    }
  }

  #hasMessages(): boolean {
    return this.#links.size > 0;
  }

  #nextWakeAt(): number | undefined {
    const wakes = [...this.#steppables].map(({ steppable }) => steppable.wakeAt()).filter(Number.isFinite);
    const timer = this.clock.nextDueAt();
    if (timer !== undefined) wakes.push(timer);
    return wakes.length === 0 ? undefined : Math.min(...wakes);
  }
}

/** Lets promises settle, and file system calls where a simulated job makes real ones. */
function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
