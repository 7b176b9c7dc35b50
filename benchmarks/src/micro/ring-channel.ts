/** The channel between two threads, alone: this thread writes, a second one reads. Forked by `channel`. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  createDoorbell,
  createRing,
  RingChannelWriter,
  SharedDoorbell,
  SharedParker,
} from '../../../dist/channels/index.js';
import { StreamRecord, SystemClock } from '../../../dist/model/index.js';
import { readSettings, sendResult } from '../harness/fork.ts';
import type { RingReaderData, RingReaderResult } from './ring-reader-thread.ts';

export interface RingChannelSettings {
  readonly records: number;
  readonly warmUpRecords: number;
  readonly recordsPerStep: number;
  readonly frameRecords: number;
  readonly ringBytes: number;
}

const { records, warmUpRecords, recordsPerStep, frameRecords, ringBytes } = readSettings<RingChannelSettings>();
const PARK_MS = 50;

const ring = createRing(ringBytes);
const readerBell = createDoorbell();
const writerBell = createDoorbell();
const data: RingReaderData = { ring, readerBell, writerBell, records: records + warmUpRecords, warmUpRecords };
const worker = new Worker(new URL('./ring-reader-thread.js', import.meta.url), { workerData: data });
await once(worker, 'online');

const parker = new SharedParker({ bell: writerBell, clock: new SystemClock() });
const writer = new RingChannelWriter({
  ring,
  consumerBell: new SharedDoorbell(readerBell),
  frameRecordsMax: frameRecords,
});
const cards = Array.from({ length: 10_000 }, (_, i) => `card-${String(i).padStart(7, '0')}`);
const hasRoom = (): boolean => !writer.isBlocked();
const answered = once(worker, 'message');
for (let written = 0; written < records + warmUpRecords; ) {
  for (let i = 0; i < recordsPerStep; i++, written++) {
    const card = cards[(written * 7919) % cards.length]!;
    writer.write(new StreamRecord({ card, amount: written & 1023 }, card, Number.NaN, written));
  }
  writer.flush();
  while (writer.isBlocked()) parker.park(PARK_MS, hasRoom);
}
const [result] = (await answered) as [RingReaderResult];
sendResult(result);
