/**
 * Merges the watermarks that arrive on the channels of one subtask: by minimum over the channels of an exchange, by the job's policy over
 * exchanges (`merge-times.ts`). Channels that hear of the same sources are idle only together (`input-origin.ts`). What it yields never falls.
 */
import {
  assert,
  END_OF_TIME,
  type InputTime,
  TIME_UNSET,
  type TimestampMs,
  type Watermark,
  type WatermarkPolicy,
} from '../model/index.ts';
import { type InputOrigin, mergeInputs } from './input-origin.ts';
import { INPUT_UNSET, watermarkOf } from './merge-times.ts';

export class WatermarkMerger {
  readonly #channels: { readonly group: number; time: InputTime }[];
  readonly #groups: number;
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
    this.#channels = groupOf.map((group) => ({ group, time: INPUT_UNSET }));
    this.#groups = Math.max(-1, ...groupOf) + 1;
    this.#policy = policy;
    this.#time = restored;
  }

  /** The merged watermark, if it is another one now. */
  onWatermark(channel: number, { time, isIdle, ingestTime }: Watermark): Watermark | undefined {
    const input = this.#channels[channel]!;
    assert(
      time >= input.time.time || time === TIME_UNSET,
      `the watermark of channel ${channel} falls from ${input.time.time} to ${time}`,
    );
    const isEnded = time === END_OF_TIME;
    input.time = { time: isEnded ? input.time.time : Math.max(time, input.time.time), isIdle, isEnded };
    const merged = mergeInputs(this.#channelsByGroup(), this.#origins, this.#policy);
    const risen = Math.max(this.#time, watermarkOf(merged));
    if (risen === this.#time && merged.isIdle === this.#isIdle) return undefined;
    this.#time = risen;
    this.#isIdle = merged.isIdle;
    return { kind: 'watermark', time: risen, isIdle: merged.isIdle, ingestTime };
  }

  #channelsByGroup(): readonly (readonly InputTime[])[] {
    return Array.from({ length: this.#groups }, (_, group) =>
      this.#channels.filter((channel) => channel.group === group).map(({ time }) => time),
    );
  }
}
