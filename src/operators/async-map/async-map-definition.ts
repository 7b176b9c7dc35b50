/**
 * `asyncMap` as users write it: the one home for awaiting user code.
 *
 * What is promised: each record leads to one result, and state is exactly once; the calls themselves are at least once, because those that
 * had no result at a crash are made again.
 */
import type { DurationMs } from '../../model/index.ts';

export interface AsyncCall {
  /** Aborted at the timeout, and when the job stops. One signal for all tries of a record. */
  readonly signal: AbortSignal;
  /** 1 for the first try. */
  readonly attempt: number;
}

/**
 * Makes the result of one record. Must not change the record: after a restart it is asked again with the same value. A throw and a rejection
 * are the same: the try has failed. What is no promise is the result.
 */
export type AsyncMapFunction<In, Out> = (value: In, call: AsyncCall) => PromiseLike<Out> | Out;

export interface AsyncMapOptions {
  /** Calls under way in one subtask; no input is read beyond it. Default 100. */
  readonly concurrency?: number | undefined;
  /** `ordered`: results in the order of the records. `unordered`: as they come, but never past a watermark. Default 'ordered'. */
  readonly order?: 'ordered' | 'unordered' | undefined;
  /** For all tries of one record together. Default 30 s. */
  readonly timeoutMs?: DurationMs | undefined;
  /** Tries of one record in all. Default 3. */
  readonly attempts?: number | undefined;
  /** Pause before the second try; doubles each time, at most `backoffMaxMs`. Default 100 ms. */
  readonly backoffMs?: DurationMs | undefined;
  /** Default 10 s, or `backoffMs` where that is longer. */
  readonly backoffMaxMs?: DurationMs | undefined;
  /** When all tries have failed. `fail`: the job restarts from the last epoch. `side`: the record goes to the output 'failed'. Default 'fail'. */
  readonly onFailure?: 'fail' | 'side' | undefined;
}

/** A record whose calls all failed, on the side output 'failed'. */
export interface FailedCall<In> {
  readonly value: In;
  /** What was tried, and why the last try failed. */
  readonly error: string;
}
