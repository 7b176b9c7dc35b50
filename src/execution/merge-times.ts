/**
 * One watermark out of several: of the splits of a source, the channels of an exchange, the inputs of a stage. Pure.
 *
 * Rules: Jet's watermark coalescing, Spark's policies. An input that is idle does not count while another one is live. An input that has
 * ended does not count while another has not: only together they are the end of time.
 */
import { END_OF_TIME, type InputTime, TIME_UNSET, type TimestampMs, type WatermarkPolicy } from '../model/index.ts';

/** What is known of an input that has said nothing yet. */
export const INPUT_UNSET: InputTime = Object.freeze({ time: TIME_UNSET, isIdle: false, isEnded: false });

/** Without inputs: idle, nothing known. */
export function mergeTimes(inputs: readonly InputTime[], policy: WatermarkPolicy): InputTime {
  if (inputs.length === 1) return inputs[0]!;
  const greatest = inputs.reduce((time, input) => Math.max(time, input.time), TIME_UNSET);
  const live = inputs.filter(({ isEnded }) => !isEnded);
  if (live.length === 0) return { time: greatest, isIdle: inputs.length === 0, isEnded: inputs.length > 0 };
  const active = live.filter(({ isIdle }) => !isIdle);
  // The last one to turn idle must not decide: the highest counts, whoever was last (Jet).
  if (active.length === 0) return { time: greatest, isIdle: true, isEnded: false };
  const times = active.map(({ time }) => time);
  return { time: policy === 'min' ? Math.min(...times) : Math.max(...times), isIdle: false, isEnded: false };
}

/** As operators see it. */
export function watermarkOf({ time, isEnded }: InputTime): TimestampMs {
  return isEnded ? END_OF_TIME : time;
}
