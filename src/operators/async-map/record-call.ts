/**
 * All tries for one record: one after the other, with pauses that grow, until one has a result, the tries are used up, or the timeout over
 * all of them has passed. Settles once; what a try says later is not heard.
 *
 *   waiting ──start──> trying ──result──────────────> settled
 *                       ^  │ failed, tries left         ^
 *                       └──┘ pause                      │
 *                          ├── failed, none left ───────┤
 *                          └── timeout (in pauses too) ─┘
 */
import {
  type Cancellable,
  CancelledError,
  type DurationMs,
  describeThrown,
  OperatorError,
  type StreamRecord,
} from '../../model/index.ts';
import type { AsyncCall, AsyncMapFunction } from './async-map-definition.ts';
import { type AsyncMapSettings, backoffBehind } from './async-map-settings.ts';

/** What the calls of one operator have in common. */
export interface CallSite {
  readonly fn: AsyncMapFunction<unknown, unknown>;
  readonly settings: AsyncMapSettings;
  schedule(delayMs: DurationMs, callback: () => void): Cancellable;
  onSettled(call: RecordCall): void;
}

/** `abandoned`: the operator was closed; nobody wants to know any more. */
export type CallOutcome =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly reason: string; readonly cause: unknown }
  | { readonly kind: 'abandoned' };

const ABANDONED: CallOutcome = { kind: 'abandoned' };

export class RecordCall {
  readonly record: StreamRecord;
  readonly #site: CallSite;
  readonly #controller: AbortController = new AbortController();
  #attempt = 0;
  /** Of the last try that failed; `undefined` while none has. */
  #failure: { readonly cause: unknown } | undefined;
  #outcome: CallOutcome | undefined;
  #deadline: Cancellable | undefined;
  #pause: Cancellable | undefined;

  constructor(record: StreamRecord, site: CallSite) {
    this.record = record;
    this.#site = site;
  }

  /** `undefined` until it has settled. */
  get outcome(): CallOutcome | undefined {
    return this.#outcome;
  }

  /** Makes the first try. The timeout counts from here. */
  start(): void {
    this.#deadline = this.#site.schedule(this.#site.settings.timeoutMs, () => this.#onTimeout());
    this.#try();
  }

  /** Without a word to anybody but the function. */
  abandon(): void {
    if (this.#outcome !== undefined) return;
    this.#end(ABANDONED);
    this.#controller.abort(new CancelledError('the job has stopped, or begins anew: the call is given up'));
  }

  #try(): void {
    const attempt = ++this.#attempt;
    try {
      const returned = this.#site.fn(this.record.value, new Attempt(attempt, this.#controller));
      if (!isPromiseLike(returned)) this.#settle({ kind: 'result', value: returned });
      else {
        Promise.resolve(returned).then(
          (value) => this.#settle({ kind: 'result', value }),
          (cause: unknown) => this.#onFailure(cause),
        );
      }
    } catch (cause) {
      this.#onFailure(cause);
    }
  }

  #onFailure(cause: unknown): void {
    if (this.#outcome !== undefined) return;
    this.#failure = { cause };
    const { settings } = this.#site;
    if (this.#attempt >= settings.attempts) {
      this.#settle({ kind: 'failure', reason: `${tries(this.#attempt)}: ${describeThrown(cause)}`, cause });
      return;
    }
    this.#pause = this.#site.schedule(backoffBehind(this.#attempt, settings), () => this.#try());
  }

  #onTimeout(): void {
    if (this.#outcome !== undefined) return;
    const { timeoutMs } = this.#site.settings;
    const last = this.#failure === undefined ? 'no answer' : describeThrown(this.#failure.cause);
    const reason = `${timeoutMs} ms and ${tries(this.#attempt)}: ${last}`;
    this.#settle({ kind: 'failure', reason, cause: this.#failure?.cause });
    this.#controller.abort(new OperatorError(`the call was given up after ${timeoutMs} ms (timeoutMs)`));
  }

  #settle(outcome: CallOutcome): void {
    if (this.#outcome !== undefined) return;
    this.#end(outcome);
    this.#site.onSettled(this);
  }

  #end(outcome: CallOutcome): void {
    this.#outcome = outcome;
    this.#deadline?.cancel();
    this.#pause?.cancel();
  }
}

/** What the function is told of a try. The signal is made when it is asked for: that takes longer than all else here. */
class Attempt implements AsyncCall {
  readonly attempt: number;
  readonly #controller: AbortController;

  constructor(attempt: number, controller: AbortController) {
    this.attempt = attempt;
    this.#controller = controller;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
}

function tries(count: number): string {
  return count === 1 ? '1 try' : `${count} tries`;
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && typeof (value as { readonly then?: unknown }).then === 'function';
}
