/**
 * From keyed records to windows on another thread, with and without local aggregation: encode, decode, add to the window's state, in one
 * thread. What the ring and the wake-up cost is not in it. Forked by `partials`.
 */

import { decodeFrame } from '../../../dist/channels/frame-decoder.js';
import { FrameEncoder } from '../../../dist/channels/frame-encoder.js';
import { ByteReader } from '../../../dist/codec/byte-reader.js';
import {
  type Emitter,
  type KeyedState,
  type Operator,
  type OperatorContext,
  StreamRecord,
  SystemClock,
} from '../../../dist/model/index.js';
import {
  aggregates,
  fieldsOfPartials,
  type PartialAggregate,
  PartialAggregateOperator,
} from '../../../dist/operators/index.js';
import { windowBlueprint } from '../../../dist/operators/windows/window-blueprint.js';
import { createKeyedState, MemoryDisk, openMemoryStateReader } from '../../../dist/storage/index.js';
import { median } from '../harness/distribution.ts';
import { readSettings, sendResult } from '../harness/fork.ts';

export interface PartialsSettings {
  readonly rounds: number;
  readonly recordsPerRound: number;
  /** Records between two flushes. */
  readonly recordsPerStep: number;
  readonly keys: number;
  /** 0: all keys alike. 1: the k-th most frequent key has 1/k of the records of the first. */
  readonly skew: number;
}

export interface PartialsResult {
  readonly directNs: number;
  readonly localNs: number;
  /** What crosses, for each record read. */
  readonly partialsPerRecord: number;
  readonly directBytes: number;
  readonly localBytes: number;
}

interface Payment {
  readonly card: string;
  readonly amount: number;
}

const SIZE_MS = 60_000;
const FRAME_BYTES = 2 ** 18;
const settings = readSettings<PartialsSettings>();
const fields = { payments: aggregates.count(), mean: aggregates.mean((payment: Payment) => payment.amount) };
const input = makeInput(settings);
let crossed = 0;
let bytes = 0;

function makeInput({ recordsPerRound, keys, skew }: PartialsSettings): StreamRecord<Payment>[] {
  const weights = Array.from({ length: keys }, (_, k) => 1 / (k + 1) ** skew);
  const total = weights.reduce((a, b) => a + b, 0);
  let sum = 0;
  const bounds = weights.map((weight) => {
    sum += weight / total;
    return sum;
  });
  let seed = 1;
  const next = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  return Array.from({ length: recordsPerRound }, (_, i) => {
    const at = next();
    const found = bounds.findIndex((bound) => at < bound);
    const card = `card-${found === -1 ? keys - 1 : found}`;
    return new StreamRecord({ card, amount: Math.floor(next() * 10_000) / 100 }, card, i / 100, i);
  });
}

/** The window behind the exchange: its operator, and the state it keeps. */
class Window {
  readonly #state: KeyedState;
  readonly #operator: Operator;
  readonly #encoder = new FrameEncoder();
  readonly #out: Emitter = { emit: () => {}, emitTo: () => {} };

  constructor(blueprint: { create(): Operator }) {
    this.#state = createKeyedState({
      reader: openMemoryStateReader(new MemoryDisk()),
      node: 'window',
      subtask: 0,
      groups: { first: 0, last: 127 },
      keyGroups: 128,
      epoch: 0,
      cacheBytes: 2 ** 30,
      clock: new SystemClock(),
    });
    const time = { watermark: () => Number.NEGATIVE_INFINITY, now: () => 0, ingestTime: () => 0 };
    this.#operator = blueprint.create();
    this.#operator.open?.({
      node: 'window',
      state: this.#state,
      time,
      countLate: () => {},
    } as unknown as OperatorContext);
  }

  receive(records: readonly StreamRecord[]): void {
    for (let from = 0; from < records.length; ) {
      from += this.#encoder.records(records, from, Math.min(records.length, from + 512), FRAME_BYTES);
      const memory = new ArrayBuffer(this.#encoder.length);
      new Uint8Array(memory).set(this.#encoder.bytes.subarray(0, this.#encoder.length));
      bytes += memory.byteLength;
      for (const record of decodeFrame(new ByteReader(memory)) as StreamRecord[]) {
        crossed++;
        this.#state.setCurrentKey(record.key!);
        this.#operator.process(record, this.#out);
      }
    }
  }
}

const direct = new Window(windowBlueprint({ kind: 'tumbling', sizeMs: SIZE_MS }, fields));
const local = new Window(
  windowBlueprint(
    { kind: 'tumbling', sizeMs: SIZE_MS },
    fieldsOfPartials(fields),
    {},
    (partial: PartialAggregate) => partial.records,
  ),
);
const partials = new PartialAggregateOperator({ fields, paneOf: (time) => Math.floor(time / SIZE_MS) * SIZE_MS });
const held: StreamRecord[] = [];
const keep: Emitter<PartialAggregate> = { emit: (record) => void held.push(record), emitTo: () => {} };

function directRound(): void {
  for (let at = 0; at < input.length; at += settings.recordsPerStep) {
    direct.receive(input.slice(at, at + settings.recordsPerStep));
  }
}

function localRound(): void {
  for (let at = 0; at < input.length; at += settings.recordsPerStep) {
    const end = Math.min(input.length, at + settings.recordsPerStep);
    for (let i = at; i < end; i++) partials.process(input[i]!, keep);
    partials.flush(keep);
    local.receive(held);
    held.length = 0;
  }
}

function nsPerRecord(round: () => void): number {
  const beganAt = performance.now();
  round();
  return ((performance.now() - beganAt) * 1e6) / input.length;
}

const times: { direct: number; local: number }[] = [];
let crossing = { partialsPerRecord: 0, directBytes: 0, localBytes: 0 };
for (let i = 0; i < settings.rounds + 2; i++) {
  bytes = 0;
  const directTime = nsPerRecord(directRound);
  const directBytes = bytes / input.length;
  crossed = 0;
  bytes = 0;
  const localTime = nsPerRecord(localRound);
  crossing = { partialsPerRecord: crossed / input.length, directBytes, localBytes: bytes / input.length };
  // Two rounds to warm up.
  if (i >= 2) times.push({ direct: directTime, local: localTime });
}
const result: PartialsResult = {
  directNs: median(times.map((time) => time.direct)),
  localNs: median(times.map((time) => time.local)),
  ...crossing,
};
sendResult(result);
