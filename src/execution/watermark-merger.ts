/**
 * Merges the watermarks that arrive on the channels of one subtask: by minimum over the channels of an exchange, by the job's policy over
 * exchanges (`merge-times.ts`). Channels that hear of the same sources are idle only together (`input-origin.ts`). What it yields never falls.
 */
import {
  END_OF_TIME,
  fail,
  type InputTime,
  TIME_UNSET,
  type TimestampMs,
  type Watermark,
  type WatermarkPolicy,
} from '../model/index.ts';
import { type InputOrigin, mergeInputs } from './input-origin.ts';
import { INPUT_UNSET, watermarkOf } from './merge-times.ts';

export class WatermarkMerger {
  /** Of each exchange its channels. */
  readonly #times: readonly InputTime[][];
  /** Where the time of a channel stands in {@link #times}. */
  readonly #places: readonly { readonly of: InputTime[]; readonly at: number }[];
  readonly #origins: readonly InputOrigin[];
  readonly #policy: WatermarkPolicy;
  #time: TimestampMs;
  #isIdle = false;

  /**
   * `groupOf`: for each channel the number of its exchange, from 0. `restored`: in force at the last checkpoint. `origins`: by exchange; where
   * there is none, its channels turn idle each by itself.
   */
  constructor(
    groupOf: readonly number[],
    policy: WatermarkPolicy,
    restored: TimestampMs,
    origins: readonly InputOrigin[] = [],
  ) {
    this.#origins = origins;
    this.#times = Array.from({ length: Math.max(-1, ...groupOf) + 1 }, () => []);
    this.#places = groupOf.map((group) => {
      const of = this.#times[group]!;
      return { of, at: of.push(INPUT_UNSET) - 1 };
    });
    this.#policy = policy;
    this.#time = restored;
  }

  /** The merged watermark, if it is another one now. */
  onWatermark(channel: number, { time, isIdle, ingestTime }: Watermark): Watermark | undefined {
    const { of, at } = this.#places[channel]!;
    const before = of[at]!.time;
    if (time < before && time !== TIME_UNSET)
      fail(`the watermark of channel ${channel} falls from ${before} to ${time}`);
    const isEnded = time === END_OF_TIME;
    const input = { time: isEnded ? before : Math.max(time, before), isIdle, isEnded };
    of[at] = input;
    const merged = this.#places.length === 1 ? input : mergeInputs(this.#times, this.#origins, this.#policy);
    const risen = Math.max(this.#time, watermarkOf(merged));
    if (risen === this.#time && merged.isIdle === this.#isIdle) return undefined;
    this.#time = risen;
    this.#isIdle = merged.isIdle;
    return { kind: 'watermark', time: risen, isIdle: merged.isIdle, ingestTime };
  }
}
