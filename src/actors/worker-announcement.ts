/**
 * The first words of a worker to its driver, beside the control plane: it is prepared, it is ready, or it cannot start and why.
 *
 * Sent over the thread's own port, which user code may use as well: anything that is not an announcement is passed over.
 */
import type { MessagePort } from 'node:worker_threads';
import { type ErrorReport, toReport } from '../model/index.ts';

export type WorkerAnnouncement =
  | { readonly millrace: 'prepared' }
  | { readonly millrace: 'ready' }
  | { readonly millrace: 'failed'; readonly report: ErrorReport };

/**
 * Called once by a worker entry, with its `parentPort`, when the job is loaded and its control API is served, and it waits to
 * be told what to do. Left out by an entry that knows it from the start.
 */
export function announcePrepared(port: MessagePort): void {
  port.postMessage({ millrace: 'prepared' } satisfies WorkerAnnouncement);
}

/** Called once by a worker entry, when it can begin to work. */
export function announceReady(port: MessagePort): void {
  port.postMessage({ millrace: 'ready' } satisfies WorkerAnnouncement);
}

/** Called by a worker entry instead: it cannot start. The code, recovery and place of the error survive. */
export function announceFailure(port: MessagePort, thrown: unknown): void {
  port.postMessage({ millrace: 'failed', report: toReport(thrown) } satisfies WorkerAnnouncement);
}

const ANNOUNCED: ReadonlySet<unknown> = new Set(['prepared', 'ready', 'failed']);

export function readAnnouncement(message: unknown): WorkerAnnouncement | undefined {
  if (typeof message !== 'object' || message === null || !('millrace' in message)) return undefined;
  return ANNOUNCED.has(message.millrace) ? (message as WorkerAnnouncement) : undefined;
}
