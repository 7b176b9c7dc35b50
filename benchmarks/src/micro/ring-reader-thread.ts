/** The reading thread of `ring-channel.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { RingChannelReader, SharedDoorbell, SharedParker } from '../../../dist/channels/index.js';
import { type StreamRecord, SystemClock } from '../../../dist/model/index.js';

export interface RingReaderData {
  readonly ring: SharedArrayBuffer;
  readonly readerBell: SharedArrayBuffer;
  readonly writerBell: SharedArrayBuffer;
  readonly records: number;
  readonly warmUpRecords: number;
}

export interface RingReaderResult {
  readonly recordsPerSecond: number;
}

const { ring, readerBell, writerBell, records, warmUpRecords } = workerData as RingReaderData;
const PARK_MS = 50;
const STEP_RECORDS = 256;

const reader = new RingChannelReader({ ring, producerBell: new SharedDoorbell(writerBell) });
const parker = new SharedParker({ bell: readerBell, clock: new SystemClock() });
const hasInput = (): boolean => !reader.isEmpty();
let total = 0;
const receiver = {
  receive: (record: StreamRecord): void => {
    total += record.key === undefined ? 0 : 1;
  },
  isBlocked: (): boolean => false,
};

while (total < warmUpRecords) take();
const from = total;
const beganAt = performance.now();
while (total < records) take();
const result: RingReaderResult = { recordsPerSecond: (total - from) / ((performance.now() - beganAt) / 1000) };
parentPort?.postMessage(result);

function take(): void {
  if (reader.drain(receiver, STEP_RECORDS) === 0) parker.park(PARK_MS, hasInput);
}
