/** The queue between two subtasks of one thread: write a step's records, drain them, again. Forked by `hop`. */

import { LocalChannel } from '../../../dist/channels/index.js';
import { type ControlElement, type RecordReceiver, StreamRecord } from '../../../dist/model/index.js';
import { median } from '../harness/distribution.ts';
import { readSettings, sendResult } from '../harness/fork.ts';

export interface LocalChannelSettings {
  readonly rounds: number;
  readonly recordsPerRound: number;
  readonly recordsPerStep: number;
  readonly elementsMax: number;
}

export interface LocalChannelResult {
  readonly recordsPerSecond: number;
  readonly slowest: number;
  readonly fastest: number;
}

const settings = readSettings<LocalChannelSettings>();

class Counter implements RecordReceiver {
  count = 0;

  receive(record: StreamRecord): void {
    this.count += record.value === undefined ? 0 : 1;
  }

  isBlocked(): boolean {
    return false;
  }
}

/** Records are made anew, as operators do: half of what a hop costs is the memory it touches. */
function round({ recordsPerRound, recordsPerStep, elementsMax }: LocalChannelSettings): number {
  const channel = new LocalChannel({ elementsMax });
  const counter = new Counter();
  const value = { card: 'card', amount: 1 };
  let control: ControlElement | undefined;
  const beganAt = performance.now();
  for (let written = 0; written < recordsPerRound; written += recordsPerStep) {
    for (let i = 0; i < recordsPerStep; i++) channel.writer.write(new StreamRecord(value, i, Number.NaN, written));
    channel.writer.flush();
    channel.reader.drain(counter, recordsPerStep);
    control ??= channel.reader.takeControl();
  }
  const seconds = (performance.now() - beganAt) / 1000;
  if (counter.count !== recordsPerRound || control !== undefined) throw new Error(`${counter.count} records came out`);
  return recordsPerRound / seconds;
}

round(settings);
const rates = Array.from({ length: settings.rounds }, () => round(settings));
const result: LocalChannelResult = {
  recordsPerSecond: median(rates),
  slowest: Math.min(...rates),
  fastest: Math.max(...rates),
};
sendResult(result);
