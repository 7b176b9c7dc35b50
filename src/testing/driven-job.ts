/**
 * A {@link TestJob}: takes steps, ends epochs behind them, and shows what the job has made.
 *
 * A step that throws breaks the generation, as it would end it in the product: nothing goes on before {@link DrivenJob.restart}.
 */
import { type JobOptionsInput, resolveJobOptions } from '../execution/options.ts';
import { type DurationMs, type Epoch, type Key, suggest, TIME_UNSET, type TimestampMs } from '../model/index.ts';
import { compile, type JobDefinition, type LogicalPlan, type OperatorNode, type PhysicalPlan } from '../plan/index.ts';
import { DrivenGenerations } from './driven-generation.ts';
import { type DrivenConnectors, drivePlan } from './driven-plan.ts';
import { DrivenSink } from './driven-sink.ts';
import { DrivenSource } from './driven-source.ts';
import { HarnessError } from './harness-error.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { type PendingTimer, readContent, type StateContent, takeTimers } from './state-content.ts';
import type { TestJob, TestJobOptions, TestSink, TestSource } from './test-job.ts';

/** Turns of the event loop in which nothing moves, behind which a job is said to have settled. */
const QUIET_TURNS = 3;

export class DrivenJob implements TestJob {
  readonly #logical: LogicalPlan;
  readonly #plan: PhysicalPlan;
  readonly #connectors: DrivenConnectors;
  readonly #clock: SimulatedClock;
  readonly #generations: DrivenGenerations;
  readonly #isEpochEachStep: boolean;
  readonly #isRestoredEachStep: boolean;
  #phase: 'open' | 'broken' | 'complete' | 'closed' = 'open';

  /** `ofJob`: options that the job comes with. */
  constructor(definition: JobDefinition, options: TestJobOptions, ofJob: JobOptionsInput = {}) {
    this.#logical = definition.build();
    this.#connectors = connectorsOf(this.#logical, options.splits ?? {});
    this.#clock = new SimulatedClock(options.startedAt);
    this.#isRestoredEachStep = options.restoreEachStep ?? false;
    this.#isEpochEachStep = this.#isRestoredEachStep || options.epochs !== 'manual';
    // A clock that stands still would hold watermarks back for ever.
    const timeless = { watermark: { intervalMs: 0 } };
    const mode = options.mode ?? (ofJob.mode === 'microbatch' ? 'microbatch' : 'continuous');
    const jobOptions = resolveJobOptions({ parallelism: 1 }, ofJob, timeless, options.options ?? {}, {
      workers: 1,
      mode,
    });
    this.#plan = compile(drivePlan(this.#logical, this.#connectors), jobOptions);
    const { plan, connectors, clock } = { plan: this.#plan, connectors: this.#connectors, clock: this.#clock };
    this.#generations = new DrivenGenerations({ plan, options: jobOptions, connectors, clock });
  }

  get epoch(): Epoch {
    return this.#generations.manifest?.epoch ?? 0;
  }

  get nodes(): readonly string[] {
    return this.#operators().map(({ id }) => id);
  }

  source<T = unknown>(name: string): TestSource<T> {
    const source = this.#connectors.sources.get(name) ?? unknown('source', name, this.#connectors.sources.keys());
    const add = (value: T, at: TimestampMs | undefined, split: number): void => {
      if (at !== undefined) this.#requireEventTime(name);
      source.add(split, { value, at, watermark: undefined });
    };
    return {
      add: (value, { at, split = 0 } = {}) => this.#step(() => add(value, at, split)),
      addAll: (values) =>
        this.#step(() => {
          for (const value of values) add(value, undefined, 0);
        }),
      advanceWatermark: (to, split = 0) =>
        this.#step(() => {
          this.#requireEventTime(name);
          if (!Number.isFinite(to))
            throw new HarnessError(`a watermark is a finite time, not ${to}; end() ends a source`);
          source.add(split, { value: null, at: undefined, watermark: to });
        }),
      end: () => this.#step(() => source.end()),
    };
  }

  sink<T = unknown>(name: string): TestSink<T> {
    const sink = this.#connectors.sinks.get(name) ?? unknown('sink', name, this.#connectors.sinks.keys());
    return {
      rows: () => sink.rows.map(({ value }) => value as T),
      committed: () => sink.committedRows.map(({ value }) => value as T),
      take: () => sink.take().map(({ value }) => value as T),
      records: () => sink.rows as ReturnType<TestSink<T>['records']>,
    };
  }

  advanceTime(byMs: DurationMs): TestJob {
    if (!(byMs >= 0)) throw new HarnessError(`time goes on, by 0 ms or more, not by ${byMs}`);
    return this.#step(() => this.#passTime(this.#clock.monotonic() + byMs));
  }

  advanceEpoch(): TestJob {
    this.#requireOpen();
    return this.#guarded(() => this.#commit());
  }

  end(): TestJob {
    return this.#step(() => {
      for (const source of this.#connectors.sources.values()) source.end();
    }, true);
  }

  restart(): TestJob {
    if (this.#phase === 'closed') throw new HarnessError('the job is closed');
    if (this.#phase === 'complete') return this;
    if (this.#phase === 'open') this.#generations.kill();
    this.#phase = 'open';
    return this.#guarded(() => {
      this.#generations.begin();
      this.#generations.drive.run();
    });
  }

  async settle(): Promise<TestJob> {
    this.#requireOpen();
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await turnOfEventLoop();
      this.#guarded(() => {
        if (this.#generations.drive.run()) quiet = 0;
      });
    }
    if (this.#isEpochEachStep || this.#generations.drive.mustSettle) await this.#commitSettled();
    return this.#stepEnds();
  }

  state(node: string, key: Key): Readonly<Record<string, StateContent>> {
    const operator = this.#operator(node);
    if (operator.state === 'none') return {};
    const copy = this.#generations.openState(operator);
    try {
      return readContent(copy, operator.signature.states, key);
    } finally {
      copy.close();
    }
  }

  timers(node: string): readonly PendingTimer[] {
    const operator = this.#operator(node);
    if (operator.state === 'none') return [];
    const copy = this.#generations.openState(operator);
    try {
      return takeTimers(copy);
    } finally {
      copy.close();
    }
  }

  late(node: string): number {
    const { id } = this.#operator(node);
    return this.#generations.manifest?.time.late[id] ?? 0;
  }

  watermark(node: string): TimestampMs {
    const { id } = this.#operator(node);
    const stage = this.#plan.stages.find(({ chain }) => chain.some((member) => member.node.id === id))!;
    return this.#generations.manifest?.time.stages[stage.chain[0]!.node.id] ?? TIME_UNSET;
  }

  now(): TimestampMs {
    return this.#clock.now();
  }

  close(): void {
    if (this.#phase === 'open' || this.#phase === 'complete') this.#generations.kill();
    this.#phase = 'closed';
  }

  #step(body: () => void, isEpochWanted = this.#isEpochEachStep): TestJob {
    this.#requireOpen();
    // What is wrong with the test itself breaks nothing.
    body();
    const { drive } = this.#generations;
    this.#guarded(() => {
      drive.run();
      if (isEpochWanted && !drive.mustSettle) this.#commit();
    });
    return this.#stepEnds();
  }

  #stepEnds(): TestJob {
    return this.#isRestoredEachStep && this.#phase === 'open' ? this.restart() : this;
  }

  /** An epoch, and further ones while the last has made something due. */
  #commit(): void {
    for (const isCommitted of this.#commitInTurns()) {
      if (!isCommitted) throw new HarnessError('the batch waits for calls; settle() runs it');
    }
  }

  /** A batch waits for its calls: when no promise moves any more, the clock does, for retries and timeouts. */
  async #commitSettled(): Promise<void> {
    const epochs = this.#commitInTurns();
    for (let quiet = 0; ; quiet++) {
      let isDone = false;
      this.#guarded(() => {
        const { done, value } = epochs.next();
        isDone = done === true;
        if (value === true) quiet = 0;
      });
      if (isDone) return;
      await turnOfEventLoop();
      if (quiet < QUIET_TURNS) continue;
      const dueAt = this.#clock.nextDueAt();
      if (dueAt === undefined) throw new HarnessError('a batch waits for calls that never settle');
      this.#clock.advanceTo(dueAt);
      quiet = 0;
    }
  }

  /** Yields true behind each epoch, and false where calls have to settle first. */
  *#commitInTurns(): Generator<boolean, void> {
    const generations = this.#generations;
    do {
      for (const _turn of generations.commitInTurns()) yield false;
      yield true;
      if (generations.manifest?.isComplete === true) this.#phase = 'complete';
    } while (this.#phase === 'open' && generations.drive.wantsEpoch());
  }

  /** What wants to run at a time on the way is run then. */
  #passTime(until: number): void {
    const clock = this.#clock;
    for (;;) {
      const wakes = [clock.nextDueAt() ?? Number.POSITIVE_INFINITY, this.#generations.drive.nextWakeAt()];
      // What was due before and did not move has nothing to do.
      const next = Math.min(...wakes.filter((at) => at > clock.monotonic()));
      if (!(next < until)) break;
      clock.advanceTo(next);
      const { drive } = this.#generations;
      this.#guarded(() => {
        drive.run();
        if (this.#isEpochEachStep && !drive.mustSettle && drive.wantsEpoch()) this.#commit();
      });
    }
    clock.advanceTo(until);
  }

  #guarded(body: () => void): TestJob {
    try {
      body();
    } catch (thrown) {
      this.#phase = 'broken';
      this.#generations.kill();
      throw thrown;
    }
    return this;
  }

  #requireOpen(): void {
    if (this.#phase === 'broken') throw new HarnessError('the job has failed; restart() goes on from its last epoch');
    if (this.#phase === 'complete') throw new HarnessError('the job is complete: its sources have ended');
    if (this.#phase === 'closed') throw new HarnessError('the job is closed');
  }

  #requireEventTime(name: string): void {
    const node = this.#logical.nodes.find(({ id }) => id === name);
    if (node?.role === 'source' && node.eventTime !== undefined) return;
    throw new HarnessError(`the source '${name}' has no event time; the job defines it by withEventTime(...)`);
  }

  #operators(): readonly OperatorNode[] {
    return this.#logical.nodes.filter((node) => node.role === 'operator');
  }

  #operator(node: string): OperatorNode {
    return this.#operators().find(({ id }) => id === node) ?? unknown('operator', node, this.nodes);
  }
}

function connectorsOf(plan: LogicalPlan, splits: Readonly<Record<string, number>>): DrivenConnectors {
  const sources = new Map<string, DrivenSource>();
  const sinks = new Map<string, DrivenSink>();
  for (const node of plan.nodes) {
    if (node.role === 'source') sources.set(node.id, new DrivenSource(node.id, node.connector, splits[node.id] ?? 1));
    if (node.role === 'sink') sinks.set(node.id, new DrivenSink());
  }
  return { sources, sinks };
}

function unknown(what: string, name: string, known: Iterable<string>): never {
  const names = [...known];
  const meant = suggest(name, names);
  const hint = meant === undefined ? `it has ${names.join(', ')}` : `did you mean '${meant}'?`;
  throw new HarnessError(`the job has no ${what} '${name}'; ${hint}`);
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
