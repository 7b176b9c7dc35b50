/**
 * How the outcome of a control call crosses threads: as data. A thrown error would lose its code, cause and class
 * (facts, Threads); an {@link ErrorReport} does not.
 *
 * Large results and arguments may name buffers that move instead of being copied: {@link withTransfer}.
 */
import type { Transferable } from 'node:worker_threads';
import { transfer } from 'comlink';
import { type ErrorReport, toReport } from '../model/index.ts';

export type ControlAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly report: ErrorReport };

const transfers = new WeakMap<object, readonly Transferable[]>();

/**
 * Marks `value`, an argument or the result of a control call, so that `buffers` inside it move to the other thread. This
 * thread cannot read them afterwards. Mind that small `Buffer`s and consecutive `pack()` results share one ArrayBuffer.
 */
export function withTransfer<T extends object>(value: T, buffers: readonly ArrayBuffer[]): T {
  const list = [...buffers];
  transfers.set(value, list);
  return transfer(value, list);
}

/** Runs one command to its end and says how it went. Never rejects. */
export async function answerTo(run: () => unknown): Promise<ControlAnswer> {
  try {
    const value = await run();
    const answer: ControlAnswer = { ok: true, value };
    const list = typeof value === 'object' && value !== null ? transfers.get(value) : undefined;
    return list === undefined ? answer : transfer(answer, [...list] as ArrayBuffer[]);
  } catch (thrown) {
    return { ok: false, report: toReport(thrown) };
  }
}
