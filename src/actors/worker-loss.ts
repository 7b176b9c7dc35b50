/**
 * Puts into words why a worker thread is gone. Pure.
 *
 * What escapes a thread arrives as node serialises it: the class is lost, own properties and causes survive, and it may be
 * `null`, `undefined` or any other value (reliability, rows 1, 2, 5 and 6).
 */
import {
  type ErrorDomain,
  type ErrorPlace,
  type ErrorRecovery,
  type ErrorReport,
  toReport,
  WorkerLostError,
} from '../model/index.ts';
import { ERR_WORKER_START } from './supervision.ts';

/** What was seen of the end. `thrown` is boxed, because `undefined` can be thrown. */
export type WorkerEnd =
  | { readonly kind: 'threw'; readonly thrown: unknown }
  | { readonly kind: 'could-not-start'; readonly report: ErrorReport }
  | { readonly kind: 'start-timeout'; readonly timeoutMs: number }
  | { readonly kind: 'unreadable-message'; readonly thrown: unknown }
  | { readonly kind: 'exited'; readonly code: number };

/** Node's exit code for a top-level await that nothing was left to settle. */
const UNSETTLED_AWAIT = 13;

/** `wasReady`: whether the worker had announced that it is ready. Before that, the code is `ERR_WORKER_START`. */
export function describeWorkerLoss(name: string, end: WorkerEnd, wasReady: boolean): ErrorReport {
  const cause = causeOf(end);
  const details = wasReady ? {} : { code: ERR_WORKER_START };
  const report = toReport(new WorkerLostError(`${name} ${sentenceOf(end, cause, wasReady)}`, details));
  // An error that is certain to return does not become curable by taking its thread along.
  return { ...report, recovery: cause?.recovery === 'none' ? 'none' : report.recovery, cause };
}

function causeOf(end: WorkerEnd): ErrorReport | undefined {
  switch (end.kind) {
    case 'threw':
    case 'unreadable-message':
      return reportOfForeign(end.thrown);
    case 'could-not-start':
      return end.report;
    case 'start-timeout':
    case 'exited':
      return undefined;
  }
}

function sentenceOf(end: WorkerEnd, cause: ErrorReport | undefined, wasReady: boolean): string {
  switch (end.kind) {
    case 'threw':
      return wasReady
        ? `ended by an error that nothing in it caught: ${cause?.message}`
        : `failed while it started: ${cause?.message}`;
    case 'could-not-start':
      return `could not start: ${cause?.message}`;
    case 'start-timeout':
      return `was not ready after ${end.timeoutMs} ms (startTimeoutMs): look for a module that waits or works for long while it is loaded, or an operator that does while it is opened`;
    case 'unreadable-message':
      return `sent a message that cannot be read here: ${cause?.message}`;
    case 'exited':
      if (end.code === UNSETTLED_AWAIT) {
        return 'ended while a module was being loaded: a top-level await in the code of the job waits for something that never comes';
      }
      return end.code === 0
        ? 'ended by itself: something in it called process.exit() or closed its control port'
        : `ended by itself with exit code ${end.code}: look for process.exit() in the code of the job`;
  }
}

/** As {@link toReport}, for an error whose class was lost on the way. */
function reportOfForeign(thrown: unknown): ErrorReport {
  const report = toReport(thrown);
  if (!(thrown instanceof Error)) return report;
  const { code, domain, recovery, place } = thrown as Partial<
    Record<'code' | 'domain' | 'recovery' | 'place', unknown>
  >;
  if (typeof code !== 'string') return report;
  if (!isDomain(domain) || !isRecovery(recovery)) return { ...report, code };
  return { ...report, ...(isPlace(place) ? place : {}), code, domain, recovery };
}

function isDomain(value: unknown): value is ErrorDomain {
  return value === 'user' || value === 'external' || value === 'internal';
}

function isRecovery(value: unknown): value is ErrorRecovery {
  return value === 'none' || value === 'restart' || value === 'backoff';
}

function isPlace(value: unknown): value is ErrorPlace {
  return typeof value === 'object' && value !== null;
}
