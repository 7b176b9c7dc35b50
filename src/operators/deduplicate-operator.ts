/**
 * Lets the first record of a key through and drops the others, for as long as the key is remembered.
 *
 * Three ways to remember, one operator each, all in the one value state `seen`: for ever, for a time to live, or until the watermark has come
 * to `first.time + withinMs`, where a timer removes it. A repeat changes nothing, and is not late.
 */
import {
  assert,
  type Emitter,
  type NodeSignature,
  type Operator,
  type OperatorContext,
  type StateTtl,
  type StreamRecord,
  type TimerQueue,
  type ValueState,
} from '../model/index.ts';
import { admitInTime } from './late-records.ts';

const SEEN = 'seen';
const TIMER_TAG = 'forget';

/** Of {@link DeduplicateOperator}. */
export const DEDUPLICATE_STATES: NodeSignature['states'] = [{ name: SEEN, kind: 'value' }];

/** Of {@link WatermarkDeduplicateOperator}. */
export const WATERMARK_DEDUPLICATE_STATES: NodeSignature['states'] = [
  ...DEDUPLICATE_STATES,
  { name: 'timers:event', kind: 'timers' },
];

/** For ever, or for a time to live from the first record on. */
export class DeduplicateOperator implements Operator {
  readonly #ttl: StateTtl | undefined;
  #seen!: ValueState<true>;

  constructor(ttl?: StateTtl) {
    this.#ttl = ttl;
  }

  open(context: OperatorContext): void {
    const { state, node } = context;
    assert(state !== undefined, `the deduplication '${node}' was opened without keyed state`);
    this.#seen = state.value(SEEN, this.#ttl);
  }

  process(record: StreamRecord, out: Emitter): void {
    if (this.#seen.get() !== undefined) return;
    this.#seen.set(true);
    out.emit(record);
  }
}

export class WatermarkDeduplicateOperator implements Operator {
  readonly #withinMs: number;
  #context!: OperatorContext;
  #seen!: ValueState<true>;
  #timers!: TimerQueue;

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  open(context: OperatorContext): void {
    const { state, node } = context;
    assert(state !== undefined, `the deduplication '${node}' was opened without keyed state`);
    this.#context = context;
    this.#seen = state.value(SEEN);
    this.#timers = state.timers('event');
  }

  process(record: StreamRecord, out: Emitter): void {
    if (!admitInTime(record, this.#context, out)) return;
    if (this.#seen.get() !== undefined) return;
    this.#seen.set(true);
    this.#timers.add(record.timestamp + this.#withinMs, TIMER_TAG);
    out.emit(record);
  }

  onTimer(): void {
    this.#seen.clear();
  }
}
