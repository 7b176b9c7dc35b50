/**
 * At which rate all variants are measured: one for all, so that their latencies can be compared, and one that each of them can
 * keep up with. Pure.
 */
import type { DurationMs } from '../model/index.ts';

export interface RateRequest {
  /** Records per second over all sources; `undefined` leaves the choice. */
  readonly asked: number | undefined;
  /** How long the run should be. */
  readonly durationMs: DurationMs;
  /** Of each variant, records per second when nothing holds it back. */
  readonly throughputs: readonly number[];
  /** Records of the input over all sources. */
  readonly records: number;
  readonly sources: number;
}

export interface RateChoice {
  /** Over all sources. */
  readonly recordsPerSecond: number;
  /** Records of each source. */
  readonly recordsPerSource: number;
  readonly durationMs: DurationMs;
  /** Why this rate, in one sentence. */
  readonly reason: string;
}

/** A drained backlog comes in the largest batches there are; records that come one by one are dearer. */
const SHARE_OF_SLOWEST = 0.5;

/**
 * Half of what the slowest variant drains, or less where the input would not last for the whole run. A rate that was asked for
 * is kept; then the run is shorter.
 */
export function chooseRate({ asked, durationMs, throughputs, records, sources }: RateRequest): RateChoice {
  const seconds = durationMs / 1000;
  const sustainable = Math.min(...throughputs) * SHARE_OF_SLOWEST;
  const lasting = records / seconds;
  if (asked !== undefined) {
    const isShort = lasting < asked;
    const reason = isShort
      ? `as asked; the ${records} records of the input last ${(records / asked).toFixed(1)} s at it, not ${seconds} s`
      : 'as asked';
    return choice(asked, isShort ? (records / asked) * 1000 : durationMs, sources, reason);
  }
  return lasting < sustainable
    ? choice(atMost(lasting), durationMs, sources, `the ${records} records of the input last ${seconds} s at it`)
    : choice(atMost(sustainable), durationMs, sources, 'half of what the slowest variant drains');
}

function choice(recordsPerSecond: number, durationMs: DurationMs, sources: number, reason: string): RateChoice {
  const recordsPerSource = Math.max(1, Math.floor((recordsPerSecond * durationMs) / 1000 / sources));
  return { recordsPerSecond, recordsPerSource, durationMs, reason };
}

/** Two significant digits, rounded down: a rate that can be read and asked for again. */
function atMost(rate: number): number {
  if (rate <= 1) return 1;
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1);
  return Math.floor(rate / unit) * unit;
}

const WARM_UP_MS_MIN: DurationMs = 1000;

/** A fifth of a run, but long enough for the compiler; never more than half of it. */
export function chooseWarmUp(durationMs: DurationMs): DurationMs {
  return Math.min(durationMs / 2, Math.max(durationMs / 5, WARM_UP_MS_MIN));
}

/** Shares of a variant's throughput at which the curve is measured. */
const CURVE_SHARES: readonly number[] = [0.1, 0.25, 0.5, 0.75, 1];
const CURVE_POINT_MS: DurationMs = 3000;
/** A shorter run is of the start of a process and says nothing of the rate. */
const CURVE_POINT_MS_MIN: DurationMs = 2000;

export interface CurveChoice {
  /** Lowest rate first. */
  readonly points: readonly RateChoice[];
  /** The input is too short for the highest rates: they would be over before they say anything. */
  readonly isCutByInput: boolean;
}

/** The rates of one variant's throughput-latency curve: shares of what it drains, as far as the input lasts for two seconds. */
export function chooseCurve(throughput: number, records: number, sources: number): CurveChoice {
  const lasting = (records * 1000) / CURVE_POINT_MS_MIN;
  const top = Math.min(throughput, lasting);
  const points = CURVE_SHARES.map((share) => {
    const rate = atMost(top * share);
    const durationMs = Math.min(CURVE_POINT_MS, (records / rate) * 1000);
    return choice(rate, durationMs, sources, `${Math.round((rate / throughput) * 100)} % of what it drains`);
  });
  return { points, isCutByInput: lasting < throughput };
}
