/**
 * Runs a whole job in the calling thread under a seeded scheduler and a simulated clock, with faults if asked for: workers
 * killed, the process crashed, both again and again. The coordinator, the subtasks, the operators, the connectors and the
 * checkpoint store are the production ones; threads, time and the disk are not.
 *
 * The replay after a crash differs from the first run: every process draws other step sizes and another interleaving.
 */
import { type RandomStream, SeededRandom } from '../connectors/index.ts';
import { ContinuousEngine } from '../continuous/continuous-engine.ts';
import type { Until } from '../execution/decide-stop.ts';
import type { EpochReport } from '../execution/epoch-committer.ts';
import { JobRun, type RunState } from '../execution/job-run.ts';
import type { JobOutcome, JobStatus } from '../execution/job-status.ts';
import { type EngineMode, type JobOptions, type JobOptionsInput, resolveJobOptions } from '../execution/options.ts';
import { MicrobatchEngine } from '../microbatch/microbatch-engine.ts';
import {
  type CheckpointManifest,
  type Clock,
  type DurationMs,
  type Epoch,
  type EpochCounts,
  fromReport,
  type Generation,
  IncompatiblePlanError,
  type KeyedState,
  type MonotonicMs,
  ownedGroups,
  type SubtaskIndex,
} from '../model/index.ts';
import { compile, type JobDefinition, type OperatorNode, type PhysicalPlan } from '../plan/index.ts';
import {
  createKeyedState,
  decideCompatibility,
  MemoryDisk,
  openMemoryCheckpointStore,
  openMemoryStateReader,
} from '../storage/index.ts';
import { PassingClock } from './passing-clock.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { SimulatedHosting } from './simulated-hosting.ts';
import { SimulatedScheduler } from './simulated-scheduler.ts';
import { SimulatedTaskPoolHosting } from './simulated-task-pool.ts';

export interface SimulationOptions {
  /** Everything random of the run follows from it. Print it when a test fails. */
  readonly seed: number;
  readonly options?: JobOptionsInput | undefined;
  /** Options of one process (counted from 1) over {@link options}: what changes between a crash and the next start. Called at its start. */
  readonly optionsOf?: ((process: number) => JobOptionsInput) | undefined;
  readonly until?: Until | undefined;
  /** State that an earlier simulation left; default an empty one. */
  readonly disk?: MemoryDisk | undefined;
  /** Largest number of records a subtask takes at a time. Default 16. */
  readonly stepRecordsMax?: number | undefined;
  /**
   * Time that every round of steps takes, ms: then epochs begin while records flow, and state is encoded in slices with records between
   * them. Default: time moves only when nothing else can happen, and state is encoded in one go.
   */
  readonly roundMs?: DurationMs | undefined;
  /**
   * Encode in every channel between subtasks, not only where threads would be crossed: finds values outside the value domain
   * (docs/value-domain.md) that would show with more workers only. Chains call and never encode. Default false.
   */
  readonly isEncodingForced?: boolean | undefined;
  readonly faults?: SimulatedFaults | undefined;
  /** Bytes of state held in memory per operator. Small values force reads of the base tables. Default 1 MiB. */
  readonly cacheBytes?: number | undefined;
  /** Somebody drains or closes the job just after it first passes that crash point. */
  readonly stopAt?: { readonly point: string; readonly how: 'drain' | 'close' } | undefined;
  /** Called for every committed epoch. */
  readonly onEpoch?: ((epoch: SimulatedEpoch) => void) | undefined;
}

export interface SimulatedEpoch {
  readonly epoch: Epoch;
  readonly generation: Generation;
  readonly mode: EngineMode;
  /** Over all epochs so far. */
  readonly totals: EpochCounts;
  /** Simulated time since the start of the process at which the epoch began, and at which it was committed and visible, ms. */
  readonly beganAtMs: MonotonicMs;
  readonly endedAtMs: MonotonicMs;
}

export interface SimulatedFaults {
  /** Workers of continuous mode and threads of microbatch mode killed by each process, at most. Default 0. */
  readonly workerKills?: number | undefined;
  /** Crashes of the process before the run is left in peace. Default 0. */
  readonly crashes?: number | undefined;
  /** Changes of mode by each process while it runs, at most. Default 0. */
  readonly switches?: number | undefined;
  /** Threads of microbatch mode that stand still in the middle of a task in each process, at most. Default 0. */
  readonly stalls?: number | undefined;
  /** Crash points: the first process ends where it first passes the first one, and so on. Before the {@link crashes}. */
  readonly crashAt?: readonly string[] | undefined;
}

export interface SimulationResult {
  readonly outcome: JobOutcome;
  readonly status: JobStatus;
  readonly disk: MemoryDisk;
  /** How many processes it took. */
  readonly processes: number;
  /** Simulated time of the last process, ms. */
  readonly elapsedMs: number;
}

/**
 * Rounds of the scheduler within which a process crashes, as a power of 2; a small job takes from some dozens to a few hundred. Short
 * lives are as likely as long ones.
 */
const CRASH_ROUNDS_LOG_MAX = 8;

/** Crash points passed within which a process crashes, likewise; an epoch passes about ten. */
const CRASH_POINTS_LOG_MAX = 6;

/** Between two looks of whoever encodes state: more than a slice may take. */
const ENCODING_LOOK_MS = 100;

/** Of so many rounds one, on average, has a worker killed, or a switch of mode asked for. */
const KILL_EVERY_ROUNDS = 50;
const SWITCH_EVERY_ROUNDS = 30;

/** Of so many tasks one, on average, stands still, for so long at most: longer than an ordinary one by enough to be run a second time. */
const STALL_EVERY_TASKS = 10;
const STALL_MAX_MS = 2000;

class SimulatedCrash extends Error {}

/** Runs `definition` to its end. Throws, with the seed in the message, when the job fails. */
export async function simulateJob(definition: JobDefinition, options: SimulationOptions): Promise<SimulationResult> {
  const random = new SeededRandom(options.seed);
  random.begin(0);
  const disk = options.disk ?? new MemoryDisk();
  for (let processes = 1; ; processes++) {
    const process = new SimulatedProcess(definition, options, disk, random, processes);
    const outcome = await process.run(drawCrash(options.faults, processes, random));
    if (outcome === undefined) continue;
    if (outcome.kind === 'failed') {
      throw new Error(`SEED=${options.seed}: ${outcome.reason}`, { cause: fromReport(outcome.report) });
    }
    return { outcome, status: process.status(), disk, processes, elapsedMs: process.elapsedMs() };
  }
}

/** Where a process crashes: whichever comes first. */
interface PlannedCrash {
  /** Rounds of the scheduler. */
  readonly afterRounds?: number;
  /** Crash points passed, of whatever name. */
  readonly afterPoints?: number;
  /** Name of a crash point. */
  readonly atPoint?: string;
}

function drawCrash(faults: SimulatedFaults | undefined, process: number, random: RandomStream): PlannedCrash {
  const { crashAt = [], crashes = 0 } = faults ?? {};
  const atPoint = crashAt[process - 1];
  if (atPoint !== undefined) return { atPoint };
  if (process > crashAt.length + crashes) return {};
  const isByRounds = random.below(2) === 0;
  return isByRounds
    ? { afterRounds: 1 + random.below(2 ** (1 + random.below(CRASH_ROUNDS_LOG_MAX))) }
    : { afterPoints: 1 + random.below(2 ** (1 + random.below(CRASH_POINTS_LOG_MAX))) };
}

/** Opens keyed state as a worker does. */
function statesOn(
  disk: MemoryDisk,
  clock: Clock,
  cacheBytes: number,
): (node: OperatorNode, subtask: SubtaskIndex, parallelism: number, plan: PhysicalPlan, epoch: Epoch) => KeyedState {
  return (node, subtask, parallelism, { keyGroups }, epoch) =>
    createKeyedState({
      reader: openMemoryStateReader(disk),
      node: node.id,
      subtask,
      groups: node.state === 'broadcast' ? ownedGroups(0, 1, keyGroups) : ownedGroups(subtask, parallelism, keyGroups),
      keyGroups,
      epoch,
      cacheBytes,
      clock,
    });
}

class SimulatedProcess {
  readonly #clock: SimulatedClock = new SimulatedClock();
  readonly #random: RandomStream;
  readonly #scheduler: SimulatedScheduler;
  readonly #hosting: SimulatedHosting;
  readonly #pools: SimulatedTaskPoolHosting;
  readonly #run: JobRun;
  readonly #workers: number;
  #stopAt: SimulationOptions['stopAt'];
  #killsLeft: number;
  #switchesLeft: number;
  #stallsLeft: number;
  #crash: PlannedCrash = {};
  #pointsPassed = 0;
  #hasCrashed = false;

  constructor(
    definition: JobDefinition,
    options: SimulationOptions,
    disk: MemoryDisk,
    random: RandomStream,
    process: number,
  ) {
    this.#random = random;
    const jobOptions = resolveJobOptions(
      { epoch: { intervalMs: 20 } },
      options.options ?? {},
      options.optionsOf?.(process) ?? {},
    );
    const plan = compile(definition.build(), jobOptions);
    this.#workers = plan.workers;
    this.#stopAt = options.stopAt;
    this.#killsLeft = options.faults?.workerKills ?? 0;
    this.#switchesLeft = options.faults?.switches ?? 0;
    this.#stallsLeft = options.faults?.stalls ?? 0;
    this.#scheduler = new SimulatedScheduler({
      random,
      clock: this.#clock,
      stepRecordsMax: options.stepRecordsMax ?? 16,
      roundMs: options.roundMs,
    });
    const isTimed = options.roundMs !== undefined;
    const encodingClock = isTimed ? new PassingClock(this.#clock, ENCODING_LOOK_MS) : this.#clock;
    const createState = statesOn(disk, encodingClock, options.cacheBytes ?? 1_048_576);
    this.#hosting = new SimulatedHosting({
      scheduler: this.#scheduler,
      isEncodingForced: options.isEncodingForced ?? false,
      createState: (node, subtask, parallelism, of, { manifest }) =>
        createState(node, subtask, parallelism, of, manifest?.epoch ?? 0),
    });
    this.#pools = new SimulatedTaskPoolHosting({
      scheduler: this.#scheduler,
      crashPoint: (name) => this.#passCrashPoint(name),
      stallMs: () => this.#drawStall(),
      createState,
    });
    this.#run = new JobRun({
      plan,
      options: jobOptions,
      until: options.until ?? { kind: 'end' },
      engines: {
        continuous: new ContinuousEngine(this.#hosting),
        microbatch: new MicrobatchEngine(this.#pools),
      },
      baseDirectory: '/',
      clock: this.#clock,
      random: () => random.next(),
      crashPoint: (name) => this.#passCrashPoint(name),
      openState: () => this.#openState(disk, plan, jobOptions),
      checkCompatible,
      onEpoch: (report) => options.onEpoch?.(this.#describe(report)),
      onState: () => {},
    });
  }

  #openState(disk: MemoryDisk, { job, keyGroups }: PhysicalPlan, { state }: JobOptions): RunState {
    const { retainEpochs, foldEveryEpochs } = state;
    const crashPoint = (name: string): void => this.#passCrashPoint(name);
    const store = openMemoryCheckpointStore({ disk, job, keyGroups, retainEpochs, foldEveryEpochs, crashPoint });
    return { store, pendingDirectory: (node) => `/pending/${node}`, close: () => store.close() };
  }

  /** `undefined` when the process crashed. */
  async run(crash: PlannedCrash): Promise<JobOutcome | undefined> {
    this.#crash = crash;
    let outcome: JobOutcome | undefined;
    let rounds = 0;
    void this.#run.outcome.then((ended) => {
      outcome = ended;
    });
    this.#run.start().catch(() => undefined);
    await this.#scheduler.runUntil(() => {
      rounds++;
      if (this.#killsLeft > 0 && this.#random.below(KILL_EVERY_ROUNDS) === 0) {
        this.#killsLeft--;
        const victim = this.#random.below(this.#workers);
        if (this.#run.status().mode === 'continuous') this.#hosting.kill(victim);
        else this.#pools.kill(victim);
      }
      if (this.#switchesLeft > 0 && this.#random.below(SWITCH_EVERY_ROUNDS) === 0) {
        this.#switchesLeft--;
        const to = this.#run.status().mode === 'continuous' ? 'microbatch' : 'continuous';
        // One that comes while another is under way, or at the end, is refused.
        this.#run.switchMode(to).catch(() => undefined);
      }
      if (crash.afterRounds !== undefined && rounds > crash.afterRounds) this.#end();
      return outcome !== undefined || this.#hasCrashed;
    });
    return this.#hasCrashed ? undefined : outcome;
  }

  status(): JobStatus {
    return this.#run.status();
  }

  elapsedMs(): number {
    return this.#clock.monotonic();
  }

  #drawStall(): DurationMs {
    if (this.#stallsLeft === 0 || this.#random.below(STALL_EVERY_TASKS) > 0) return 0;
    this.#stallsLeft--;
    return 1 + this.#random.below(STALL_MAX_MS);
  }

  #describe({ manifest, alignMs, sealMs, commitMs, publishMs }: EpochReport): SimulatedEpoch {
    const { epoch, generation, totals } = manifest;
    const endedAtMs = this.#clock.monotonic();
    const beganAtMs = endedAtMs - alignMs - sealMs - commitMs - publishMs;
    return { epoch, generation, mode: this.#run.status().mode, totals, beganAtMs, endedAtMs };
  }

  /** Behind whatever passes the point without waiting: a host is heard only in between. */
  #stopWhenAsked(point: string): void {
    if (this.#stopAt?.point !== point) return;
    const { how } = this.#stopAt;
    this.#stopAt = undefined;
    queueMicrotask(() => (how === 'drain' ? this.#run.drain() : void this.#run.close()));
  }

  /** Nothing that is behind a crash point happens in a process that has crashed, or crashes right here. */
  #passCrashPoint(name: string): void {
    this.#stopWhenAsked(name);
    this.#pointsPassed++;
    const { afterPoints, atPoint } = this.#crash;
    if (!this.#hasCrashed && (this.#pointsPassed === afterPoints || name === atPoint)) this.#end();
    if (this.#hasCrashed) throw new SimulatedCrash(`the process crashed before or at ${name}`);
  }

  #end(): void {
    this.#hasCrashed = true;
    this.#hosting.killAll();
    this.#pools.killAll();
  }
}

function checkCompatible(manifest: CheckpointManifest, plan: PhysicalPlan, options: JobOptions): readonly string[] {
  const policy = { before: manifest.time.policy, after: options.watermark.policy };
  const { refused, allowed } = decideCompatibility(manifest.nodes, plan.nodes, policy);
  if (refused.length > 0) throw new IncompatiblePlanError(refused.join('; '));
  return allowed;
}
