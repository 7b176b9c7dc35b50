/**
 * Latencies of the records of one task. In this mode a record has arrived when its task is done and its output may be taken, not
 * when an operator chain reached the sink: they are measured together, at that moment.
 */
import type { LatencyRecorder } from '../execution/latency-recorder.ts';
import type { MonotonicMs } from '../model/index.ts';

export class HeldLatencies {
  #ingestTimes: MonotonicMs[] = [];
  #records: number[] = [];

  /** One record that stands for so many. */
  hold(ingestTime: MonotonicMs, records: number): void {
    this.#ingestTimes.push(ingestTime);
    this.#records.push(records);
  }

  release(now: MonotonicMs, recorder: LatencyRecorder): void {
    for (let i = 0; i < this.#ingestTimes.length; i++) recorder.record(now - this.#ingestTimes[i]!, this.#records[i]);
    this.#ingestTimes = [];
    this.#records = [];
  }
}
