/**
 * Calls an asynchronous function for each record, several at a time, and gives the results out again in step with the records.
 *
 * Nothing here awaits: a call that settles is put down, and the engine takes it with `emitSettled` between two records. So a result, and the
 * removal of its input from state, are of one epoch. Calls under way are lost with the thread and made again from the inputs in state.
 *
 * Calls under way never exceed `concurrency`; what comes beyond it, because one record in front led to many, waits its turn.
 */
import { inspectValue, type ValueProfile } from '../../codec/value-domain.ts';
import {
  type AsynchronousWork,
  type Emitter,
  type Operator,
  type OperatorContext,
  OperatorError,
  type OperatorTime,
  type StreamRecord,
  TIME_UNSET,
  type TimestampMs,
} from '../../model/index.ts';
import type { AsyncMapFunction, FailedCall } from './async-map-definition.ts';
import type { AsyncMapSettings } from './async-map-settings.ts';
import { OrderedResults } from './ordered-results.ts';
import { type CallSite, RecordCall } from './record-call.ts';
import type { ResultOrder } from './result-order.ts';
import { type InputPlace, UnfinishedInputs } from './unfinished-inputs.ts';
import { UnorderedResults } from './unordered-results.ts';

/** Index of the output 'failed'. */
const FAILED = 1;

export class AsyncMapOperator implements Operator, AsynchronousWork {
  readonly #fn: AsyncMapFunction<unknown, unknown>;
  readonly #settings: AsyncMapSettings;
  readonly #results: ResultOrder;
  /** Calls whose results were not given out yet, and where their inputs are kept. */
  readonly #calls = new Map<RecordCall, InputPlace>();
  /** Those of them that have not begun. */
  readonly #waiting: RecordCall[] = [];
  readonly #profile: ValueProfile = { weight: 0, needsEscape: false };
  #time!: OperatorTime;
  #inputs!: UnfinishedInputs;
  #site!: CallSite;
  #running = 0;
  #isStarting = false;
  #isClosed = false;
  /** The highest that was held. */
  #watermark: TimestampMs = TIME_UNSET;

  constructor(fn: AsyncMapFunction<unknown, unknown>, settings: AsyncMapSettings) {
    this.#fn = fn;
    this.#settings = settings;
    this.#results = settings.order === 'ordered' ? new OrderedResults() : new UnorderedResults();
  }

  get asynchronous(): AsynchronousWork {
    return this;
  }

  open(context: OperatorContext): void {
    this.#time = context.time;
    this.#inputs = new UnfinishedInputs(context);
    this.#site = {
      fn: this.#fn,
      settings: this.#settings,
      schedule: (delayMs, callback) => context.schedule(delayMs, callback),
      onSettled: (call) => {
        this.#onSettled(call);
        context.wake();
      },
    };
    const unfinished = this.#inputs.restore();
    const passed = this.#inputs.restorePassed();
    if (passed > TIME_UNSET) this.#results.hold(passed);
    for (const { record, place } of unfinished) this.#take(record, place);
  }

  process(record: StreamRecord): void {
    this.#profile.weight = 0;
    // It is kept until there is a result. Whether it can be must not depend on whether an epoch ends meanwhile.
    inspectValue(record.value, this.#profile, 'the input of asyncMap');
    this.#take(record, this.#inputs.add(record));
  }

  isFull(): boolean {
    return this.#calls.size >= this.#settings.concurrency;
  }

  pending(): number {
    return this.#calls.size + this.#results.watermarks;
  }

  hasSettled(): boolean {
    return this.#results.hasNext();
  }

  emitSettled(out: Emitter, passWatermark: (watermark: TimestampMs) => void): boolean {
    if (!this.#results.hasNext()) return false;
    do {
      const next = this.#results.next();
      if (typeof next === 'number') {
        // A restored one may be that of a subtask which was ahead of the records that come here now.
        const watermark = Math.min(next, Math.max(this.#watermark, this.#time.watermark()));
        this.#inputs.passed(watermark);
        passWatermark(watermark);
      } else {
        this.#giveOut(next, out);
      }
    } while (this.#results.hasNext());
    return true;
  }

  holdWatermark(watermark: TimestampMs): void {
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    this.#results.hold(watermark);
  }

  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls.keys()) call.abandon();
  }

  #take(record: StreamRecord, place: InputPlace): void {
    const call = new RecordCall(record, this.#site);
    this.#calls.set(call, place);
    this.#results.add(call);
    this.#waiting.push(call);
    this.#startWaiting();
  }

  /** A function that returns no promise settles its call in here: that call begins no other, or a long queue would overflow the stack. */
  #startWaiting(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (!this.#isClosed && this.#waiting.length > 0 && this.#running < this.#settings.concurrency) {
      this.#running++;
      this.#waiting.shift()!.start();
    }
    this.#isStarting = false;
  }

  #onSettled(call: RecordCall): void {
    this.#running--;
    this.#results.onSettled(call);
    this.#startWaiting();
  }

  #giveOut(call: RecordCall, out: Emitter): void {
    const { record, outcome } = call;
    if (outcome?.kind === 'failure' && this.#settings.onFailure === 'fail') {
      throw new OperatorError(
        `asyncMap gave up a record after ${outcome.reason}; correct the function or what it asks, allow more with attempts and timeoutMs, or set onFailure: 'side'`,
        { cause: outcome.cause, ...(record.key === undefined ? {} : { key: String(record.key) }) },
      );
    }
    this.#inputs.remove(this.#calls.get(call)!);
    this.#calls.delete(call);
    if (outcome?.kind === 'result') {
      out.emit(record.withValue(outcome.value));
    } else if (outcome?.kind === 'failure') {
      const failed: FailedCall<unknown> = { value: record.value, error: `gave up after ${outcome.reason}` };
      out.emitTo(FAILED, record.withValue(failed));
    }
  }
}
