/** The one home for awaiting user code. */
import type { DurationMs } from '../../model/index.ts';

export interface AsyncCall {
  /** Aborted at the timeout, and when the job stops. */
  readonly signal: AbortSignal;
  /** 1 for the first try. */
  readonly attempt: number;
}

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
  readonly backoffMaxMs?: DurationMs | undefined;
  /** When all tries have failed. `fail`: the job restarts from the last epoch. `side`: the record goes to the output 'failed'. Default 'fail'. */
  readonly onFailure?: 'fail' | 'side' | undefined;
}

/** A record whose calls all failed, on the side output 'failed'. */
export interface FailedCall<In> {
  readonly value: In;
  readonly error: string;
}
