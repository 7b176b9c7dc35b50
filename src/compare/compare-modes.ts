/**
 * Runs one job over one input in every variant and puts the figures together.
 *
 *   each variant: drain -> one rate for all -> each variant: paced, killed -> each variant: curve
 *
 * One trial at a time, each in a process and a folder of its own: what else runs on the machine is the same for all of them, as
 * far as it is in our hands. Outputs are compared as soon as they are there, and removed when nothing is compared with them.
 */
import type { JobReference } from '../config/index.ts';
import type { JobOptions, JobOptionsInput } from '../execution/options.ts';
import type { Clock, DurationMs, NodeId } from '../model/index.ts';
import { chooseCurve, chooseRate, chooseWarmUp, type RateChoice } from './choose-rate.ts';
import { compareOutputs } from './compare-outputs.ts';
import type {
  Comparison,
  Curve,
  CurvePoint,
  DrainFigures,
  Machine,
  OutputComparison,
  PacedFigures,
  RecoveryFigures,
  TrialKind,
} from './comparison.ts';
import { decideComparison } from './decide-comparison.ts';
import { describeMachine } from './describe-machine.ts';
import { killAndRecover } from './kill-and-recover.ts';
import { runTrial, type TrialPorts } from './run-trial.ts';
import type { TrialResult } from './trial.ts';
import { drainFigures, pacedFigures } from './trial-figures.ts';
import { type Pace, TrialFolders } from './trial-folders.ts';
import { nameOf, type Variant } from './variant.ts';

export interface ComparisonRequest {
  readonly reference: JobReference;
  readonly job: string;
  readonly sources: number;
  readonly sinks: readonly NodeId[];
  /** As the job is run in continuous mode. */
  readonly options: JobOptions;
  /** Of the command line; win over what the job says. */
  readonly overrides: JobOptionsInput;
  readonly variants: readonly Variant[];
  /** Records per second over all sources; absent: chosen. */
  readonly recordsPerSecond?: number | undefined;
  readonly durationMs: DurationMs;
  /** Of each source; absent: all there are. */
  readonly records?: number | undefined;
  readonly withCurve: boolean;
  /** Exists, is empty, and is this comparison's own. */
  readonly directory: string;
  /** Leave outputs and state where they are. */
  readonly isKept: boolean;
}

/** What is under way, for whoever waits. */
export interface ComparisonProgress {
  /** Counted from 1. */
  readonly step: number;
  readonly steps: number;
  /** `microbatch every 100 ms: on schedule, 4000 records/s`. */
  readonly what: string;
}

export interface ComparisonPorts {
  readonly clock: Clock;
  /** Ends all processes. */
  readonly signal: AbortSignal;
  onProgress(progress: ComparisonProgress): void;
}

/** Rejects with `MillraceError` that names variant and run when a trial did not come to its end. */
export function compareModes(request: ComparisonRequest, ports: ComparisonPorts): Promise<Comparison> {
  return new ModeComparison(request, ports).run();
}

interface Paced {
  readonly figures: PacedFigures;
  readonly recovery: RecoveryFigures | undefined;
}

class ModeComparison {
  readonly #request: ComparisonRequest;
  readonly #ports: ComparisonPorts;
  readonly #folders: TrialFolders;
  readonly #outputs: OutputComparison[] = [];
  readonly #machine: Machine = describeMachine();
  #step = 0;
  #steps: number;

  constructor(request: ComparisonRequest, ports: ComparisonPorts) {
    this.#request = request;
    this.#ports = ports;
    this.#folders = new TrialFolders(request);
    this.#steps = request.variants.length * 3;
  }

  async run(): Promise<Comparison> {
    const { variants, sources, durationMs, recordsPerSecond, withCurve } = this.#request;
    const drains = new Map<Variant, DrainFigures>();
    for (const variant of variants) drains.set(variant, await this.#drain(variant));
    const records = drains.get(variants[0]!)!.records;
    const throughputs = variants.map((variant) => drains.get(variant)!.recordsPerSecond);
    const rate = chooseRate({ asked: recordsPerSecond, durationMs, throughputs, records, sources });
    const paced = new Map<Variant, Paced>();
    for (const variant of variants) {
      const figures = await this.#pace(variant, rate);
      paced.set(variant, { figures, recovery: await this.#recover(variant, rate) });
    }
    const curves = withCurve ? await this.#curves(drains, records) : new Map<Variant, Curve>();
    const figures = variants.map((variant) => ({
      id: variant.id,
      mode: variant.mode,
      trigger: variant.trigger,
      drain: drains.get(variant)!,
      paced: paced.get(variant)!.figures,
      ...(paced.get(variant)!.recovery === undefined ? {} : { recovery: paced.get(variant)!.recovery }),
      ...(withCurve ? { curve: curves.get(variant)! } : {}),
    }));
    return decideComparison({
      job: this.#request.job,
      outputs: this.#outputs,
      isRepeatable: await this.#findRepeatable(),
      conditions: this.#conditions(rate, records),
      variants: figures,
    });
  }

  async #drain(variant: Variant): Promise<DrainFigures> {
    this.#say(variant, 'as fast as possible');
    const { records } = this.#request;
    const result = await this.#finish(variant, 'drain', { records });
    await this.#compare(variant, 'drain');
    return drainFigures(result);
  }

  async #pace(variant: Variant, rate: RateChoice): Promise<PacedFigures> {
    this.#say(variant, `on schedule, ${Math.round(rate.recordsPerSecond)} records/s`);
    const result = await this.#finish(variant, 'paced', this.#paceOf(rate), rate.durationMs);
    await this.#compare(variant, 'paced');
    return pacedFigures(result, rate.recordsPerSecond);
  }

  async #recover(variant: Variant, rate: RateChoice): Promise<RecoveryFigures | undefined> {
    this.#say(variant, 'on schedule, killed in the middle');
    const request = this.#folders.request(variant, 'killed', this.#paceOf(rate));
    const figures = await this.#named(variant, 'killed', killAndRecover(request, rate.durationMs, this.#ports));
    await this.#compare(variant, 'killed');
    return figures;
  }

  async #curves(drains: ReadonlyMap<Variant, DrainFigures>, records: number): Promise<ReadonlyMap<Variant, Curve>> {
    const { sources } = this.#request;
    const chosen = [...drains].map(
      ([variant, { recordsPerSecond }]) => [variant, chooseCurve(recordsPerSecond, records, sources)] as const,
    );
    this.#steps += chosen.reduce((sum, [, { points }]) => sum + points.length, 0);
    const curves = new Map<Variant, Curve>();
    for (const [variant, { points, isCutByInput }] of chosen) {
      const figures: CurvePoint[] = [];
      for (const rate of points) {
        this.#say(variant, `curve, ${Math.round(rate.recordsPerSecond)} records/s`);
        const result = await this.#finish(variant, 'curve', this.#paceOf(rate), rate.durationMs);
        const { achievedPerSecond, latency, offeredPerSecond } = pacedFigures(result, rate.recordsPerSecond);
        figures.push({ offeredPerSecond, achievedPerSecond, latency });
        await this.#folders.clear(variant, 'curve');
      }
      curves.set(variant, { points: figures, isCutByInput });
    }
    return curves;
  }

  /** Where outputs differ it is worth a run to know whether the job agrees with itself. */
  async #findRepeatable(): Promise<boolean | undefined> {
    if (this.#outputs.every(({ sinks }) => sinks.every(({ level }) => level !== 'different'))) return undefined;
    const { records, sinks, variants } = this.#request;
    const reference = variants[0]!;
    this.#steps++;
    this.#say(reference, 'once more, because outputs differ');
    await this.#finish(reference, 'again', { records });
    const compared = await compareOutputs(
      this.#folders.outputOf(reference, 'drain'),
      this.#folders.outputOf(reference, 'again'),
      sinks,
    );
    await this.#folders.remove(reference, 'again');
    return compared.every(({ level }) => level !== 'different');
  }

  /** The outputs of the first variant are what all others are compared with. A killed run wrote what an undisturbed one writes. */
  async #compare(variant: Variant, trial: TrialKind): Promise<void> {
    const reference = this.#request.variants[0]!;
    const referenceTrial = trial === 'drain' ? 'drain' : 'paced';
    if (variant === reference && trial === referenceTrial) return;
    const sinks = await compareOutputs(
      this.#folders.outputOf(reference, referenceTrial),
      this.#folders.outputOf(variant, trial),
      this.#request.sinks,
    );
    this.#outputs.push({
      variant: variant.id,
      trial,
      reference: { variant: reference.id, trial: referenceTrial },
      sinks,
    });
    await this.#folders.remove(variant, trial);
  }

  async #finish(variant: Variant, trial: string, pace: Pace, durationMs: DurationMs = 0): Promise<TrialResult> {
    const ports: TrialPorts = { clock: this.#ports.clock, signal: this.#ports.signal };
    const timedSinks = trial === 'paced' ? this.#request.sinks : [];
    const request = { ...this.#folders.request(variant, trial, pace), warmUpMs: chooseWarmUp(durationMs), timedSinks };
    const result = await this.#named(variant, trial, runTrial(request, ports));
    return result!;
  }

  /** Says in whose run it was. */
  async #named<T>(variant: Variant, trial: string, running: Promise<T>): Promise<T> {
    try {
      return await running;
    } catch (thrown) {
      if (thrown instanceof Error) thrown.message = `${nameOf(variant)}, ${trial} run: ${thrown.message}`;
      throw thrown;
    }
  }

  #paceOf({ recordsPerSecond, recordsPerSource }: RateChoice): Pace {
    return { recordsPerSecond: recordsPerSecond / this.#request.sources, records: recordsPerSource };
  }

  #say(variant: Variant, what: string): void {
    this.#step++;
    this.#ports.onProgress({ step: this.#step, steps: this.#steps, what: `${nameOf(variant)}: ${what}` });
  }

  #conditions(rate: RateChoice, records: number): Comparison['conditions'] {
    const { options, sources } = this.#request;
    return {
      machine: this.#machine,
      records,
      sources,
      workers: options.workers,
      parallelism: options.parallelism,
      epochIntervalMs: options.epoch.intervalMs,
      recordsPerSecond: rate.recordsPerSecond,
      rateReason: rate.reason,
      durationMs: rate.durationMs,
      warmUpMs: chooseWarmUp(rate.durationMs),
    };
  }
}
