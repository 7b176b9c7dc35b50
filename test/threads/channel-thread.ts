/** One end of the channels in `channels.test.ts`; runs in a worker thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { RingChannelReader, RingChannelWriter, SharedDoorbell, SharedParker } from '../../src/channels/index.ts';
import { type Marker, StreamRecord, SystemClock } from '../../src/model/index.ts';

export interface ChannelThreadData {
  readonly role: 'produce' | 'consume' | 'ping' | 'pong';
  readonly ringOut: SharedArrayBuffer;
  readonly ringIn: SharedArrayBuffer;
  readonly ownBell: SharedArrayBuffer;
  readonly otherBell: SharedArrayBuffer;
  readonly records: number;
  readonly spinMsMax: number;
}

export interface ChannelThreadReport {
  readonly records: number;
  readonly markers: number;
  readonly checksum: number;
  /** Parks that lasted until their timeout: in these tests each of them is a lost wake-up. */
  readonly timeouts: number;
  readonly parks: number;
}

/** Far beyond any delay of a busy machine, and short enough that a test with lost wake-ups ends. */
const PARK_MS = 3_000;
const RECORDS_PER_MARKER = 50_000;
const RECORDS_PER_STEP = 700;

const data = workerData as ChannelThreadData;
const clock = new SystemClock();
const parker = new SharedParker({ bell: data.ownBell, clock, spinMsMax: data.spinMsMax });
const writer = new RingChannelWriter({ ring: data.ringOut, consumerBell: new SharedDoorbell(data.otherBell) });
const reader = new RingChannelReader({ ring: data.ringIn, producerBell: new SharedDoorbell(data.otherBell) });
let timeouts = 0;
let parks = 0;
let checksum = 0;

function park(hasWork: () => boolean): void {
  const before = clock.monotonic();
  parks++;
  parker.park(PARK_MS, hasWork);
  if (clock.monotonic() - before >= PARK_MS) timeouts++;
}

function add(amount: number): void {
  checksum = (Math.imul(checksum, 31) + amount) | 0;
}

/** Content that depends on the position; now and then larger than the ring. */
function textOf(i: number): string {
  if (i % 9_973 === 0) return `${i}`.padEnd(20_000, 'larger than the ring ');
  return i % 13 === 0 ? `${i} é ` : `${i}`;
}

function expectOrder(record: StreamRecord, i: number): void {
  const value = record.value as { n: number; text: string };
  if (value.n !== i || value.text !== textOf(i) || record.key !== `k${i % 1_000}` || record.timestamp !== i) {
    throw new Error(`record ${i} is wrong: ${JSON.stringify(record).slice(0, 200)}`);
  }
}

function produce(): ChannelThreadReport {
  let markers = 0;
  for (let i = 0; i < data.records; ) {
    if (writer.isBlocked()) {
      park(() => !writer.isBlocked());
      continue;
    }
    const until = Math.min(i + RECORDS_PER_STEP, data.records);
    for (; i < until; i++) {
      const text = textOf(i);
      writer.write(new StreamRecord({ n: i, text }, `k${i % 1_000}`, i, i / 8));
      add(i + text.length);
      if ((i + 1) % RECORDS_PER_MARKER === 0) {
        markers++;
        writer.control({ kind: 'marker', epoch: markers, isFinal: false });
      }
    }
    writer.flush();
  }
  writer.control({ kind: 'marker', epoch: markers + 1, isFinal: true });
  writer.flush();
  while (writer.isBlocked()) park(() => !writer.isBlocked());
  return { records: data.records, markers, checksum, timeouts, parks };
}

function consume(): ChannelThreadReport {
  let records = 0;
  let markers = 0;
  let control: Marker | undefined;
  const receiver = {
    receive(record: StreamRecord): void {
      expectOrder(record, records);
      add(record.timestamp + (record.value as { text: string }).text.length);
      records++;
    },
    isBlocked: () => false,
  };
  while (!isFinal(control)) {
    reader.drain(receiver, 300);
    control = takeMarker();
    if (control !== undefined && !control.isFinal) {
      markers++;
      if (control.epoch !== markers || records !== markers * RECORDS_PER_MARKER) {
        throw new Error(`I1: marker ${control.epoch} arrived behind ${records} records`);
      }
    }
    if (!isFinal(control) && reader.isEmpty()) park(() => !reader.isEmpty());
  }
  return { records, markers, checksum, timeouts, parks };
}

function takeMarker(): Marker | undefined {
  const control = reader.takeControl();
  if (control?.kind === 'watermark') throw new Error('nobody wrote a watermark');
  return control;
}

function isFinal(control: Marker | undefined): boolean {
  return control?.isFinal === true;
}

/** One record at a time each way: both threads sleep and are woken for every single one. */
function play(starts: boolean): ChannelThreadReport {
  let records = 0;
  const receiver = {
    receive(record: StreamRecord): void {
      if (record.value !== records) throw new Error(`ball ${records} came as ${String(record.value)}`);
      records++;
    },
    isBlocked: () => false,
  };
  const send = (n: number): void => {
    writer.write(new StreamRecord(n, undefined, Number.NaN, 0));
    writer.flush();
  };
  if (starts) send(0);
  for (let i = 0; i < data.records; i++) {
    while (reader.isEmpty()) park(() => !reader.isEmpty());
    reader.drain(receiver, 1);
    if (!starts) send(i);
    else if (i + 1 < data.records) send(i + 1);
  }
  return { records, markers: 0, checksum, timeouts, parks };
}

const roles = { produce, consume, ping: () => play(true), pong: () => play(false) };
parentPort?.postMessage(roles[data.role]());
