/**
 * Event time as the driver of batches keeps it: where each source stands between two batches, which of its splits are silent, and
 * whether a batch without data is due because of it (Spark's no-data batch).
 *
 * A batch gets the watermark that follows from the batches before it. What its own records add counts for the next one.
 */
import { INPUT_UNSET, mergeTimes, watermarkOf } from '../execution/merge-times.ts';
import type { WorkerTime } from '../execution/time-status.ts';
import {
  type BatchPlan,
  type CheckpointTime,
  type DurationMs,
  END_OF_TIME,
  type InputTime,
  type MonotonicMs,
  type NodeId,
  type SplitId,
  TIME_UNSET,
  type TimestampMs,
} from '../model/index.ts';
import type { SourceNode } from '../plan/logical-plan.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { SurveyedSources } from './plan-batch.ts';

export type SourceTimes = Readonly<Record<NodeId, InputTime>>;

export class BatchTime {
  readonly #sources: readonly SourceNode[];
  /** When splits last had something, by source; at first, when the generation began. */
  readonly #spokeAt = new Map<NodeId, Map<SplitId, MonotonicMs>>();
  readonly #beganAt: MonotonicMs;
  #surveys: SurveyedSources = {};
  /** What the last batch ran under: the same again would change nothing. */
  #last: string | undefined;
  /** The last batch of all has run: no survey will say so. */
  #hasEnded = false;

  constructor(plan: PhysicalPlan, now: MonotonicMs) {
    this.#sources = plan.stages.flatMap(({ chain }) => {
      const { node } = chain[0]!;
      return node.role === 'source' ? [node] : [];
    });
    this.#beganAt = now;
  }

  surveyed(surveys: SurveyedSources, now: MonotonicMs): void {
    this.#surveys = surveys;
    // A split that has something and waits for its turn is not silent.
    for (const [node, splits] of Object.entries(surveys)) {
      this.#spoken(
        node,
        Object.keys(splits).filter((split) => !splits[split]!.isEmpty),
        now,
      );
    }
  }

  ran(batch: BatchPlan, now: MonotonicMs): void {
    this.#last = JSON.stringify(batch.watermarks);
    this.#hasEnded = batch.isLast;
    for (const [node, ranges] of Object.entries(batch.ranges)) this.#spoken(node, Object.keys(ranges), now);
  }

  /** Where every source stands, from what is committed. */
  sourceTimes(time: CheckpointTime | undefined, now: MonotonicMs): SourceTimes {
    return Object.fromEntries(
      this.#sources.map((source): [NodeId, InputTime] => [source.id, this.#timeOf(source, time, now)]),
    );
  }

  /** Whether a batch without data would do something: a watermark has risen up to a timer, or the wall clock has. */
  isDue(time: CheckpointTime | undefined, now: TimestampMs, monotonic: MonotonicMs): boolean {
    if (time === undefined) return false;
    if (time.nextProcessingTimer <= now) return true;
    const times = this.sourceTimes(time, monotonic);
    if (JSON.stringify(times) === this.#last) return false;
    return Object.values(times).some((source) => watermarkOf(source) >= time.nextEventTimer);
  }

  /** For how long nothing becomes due of itself. */
  dueInMs(time: CheckpointTime | undefined, now: TimestampMs, monotonic: MonotonicMs): DurationMs {
    const timerInMs = (time?.nextProcessingTimer ?? Number.POSITIVE_INFINITY) - now;
    if (time === undefined || time.nextEventTimer === Number.POSITIVE_INFINITY) return timerInMs;
    return Math.min(timerInMs, this.#idleAt(monotonic) - monotonic);
  }

  status(time: CheckpointTime | undefined, now: MonotonicMs): WorkerTime {
    const splits = this.#sources.flatMap((source) =>
      source.eventTime === undefined
        ? []
        : Object.keys(this.#surveys[source.id] ?? {}).map((split) => {
            const { isEnded, isIdle, time: watermark } = this.#splitTime(source, split, time, now);
            const silentMs = now - this.#spoke(source.id, split);
            const shown = isEnded || this.#hasEnded ? END_OF_TIME : watermark;
            return { source: source.id, split, watermark: shown, isIdle, silentMs };
          }),
    );
    return { splits, stages: time?.stages ?? {} };
  }

  #timeOf(source: SourceNode, time: CheckpointTime | undefined, now: MonotonicMs): InputTime {
    const surveyed = this.#surveys[source.id];
    // Nobody has looked yet: that is no end.
    if (surveyed === undefined) return INPUT_UNSET;
    const splits = Object.keys(surveyed);
    const { isBounded } = source.connector;
    if (splits.length === 0) return { time: TIME_UNSET, isIdle: !isBounded, isEnded: isBounded };
    const times = splits.map((split) => this.#splitTime(source, split, time, now));
    if (source.eventTime !== undefined) return mergeTimes(times, 'min');
    const isEnded = times.every((split) => split.isEnded);
    return { time: TIME_UNSET, isIdle: !isEnded, isEnded };
  }

  #splitTime(source: SourceNode, split: SplitId, time: CheckpointTime | undefined, now: MonotonicMs): InputTime {
    const extent = this.#surveys[source.id]?.[split];
    const splits = time?.splits[source.id] ?? {};
    const seen = Object.hasOwn(splits, split) ? splits[split]! : TIME_UNSET;
    const { outOfOrderMs = 0, idleTimeoutMs = Number.POSITIVE_INFINITY } = source.eventTime ?? {};
    return {
      time: (seen === END_OF_TIME ? TIME_UNSET : seen) - outOfOrderMs,
      isIdle: now - this.#spoke(source.id, split) >= idleTimeoutMs,
      isEnded: extent?.isEmpty === true && extent.isEnd,
    };
  }

  #spoken(node: NodeId, splits: readonly SplitId[], now: MonotonicMs): void {
    if (splits.length === 0) return;
    const known = this.#spokeAt.get(node) ?? new Map<SplitId, MonotonicMs>();
    for (const split of splits) known.set(split, now);
    this.#spokeAt.set(node, known);
  }

  #spoke(node: NodeId, split: SplitId): MonotonicMs {
    return this.#spokeAt.get(node)?.get(split) ?? this.#beganAt;
  }

  #idleAt(now: MonotonicMs): MonotonicMs {
    let at = Number.POSITIVE_INFINITY;
    for (const { id, eventTime } of this.#sources) {
      if (eventTime === undefined) continue;
      for (const split of Object.keys(this.#surveys[id] ?? {})) {
        const idleAt = this.#spoke(id, split) + eventTime.idleTimeoutMs;
        if (idleAt > now) at = Math.min(at, idleAt);
      }
    }
    return at;
  }
}

/** Behind the last batch every source has ended. */
export function endOf(times: SourceTimes): SourceTimes {
  return Object.fromEntries(
    Object.entries(times).map(([node, time]) => [node, { ...time, isIdle: false, isEnded: true }]),
  );
}
