/**
 * The calling half of the control plane: a typed remote whose every call ends, whatever happens to the thread at the other
 * end. comlink alone leaves the calls of a dead worker open for ever, and drops replies of proxies that are collected.
 *
 * Invariants: a call settles exactly once; behind the loss every call rejects at once with {@link WorkerLostError}, and with the
 * reason of the loss where there is one; there is one pinned proxy a method; nothing but data crosses.
 */
import type { MessagePort } from 'node:worker_threads';
import { type Endpoint, type Remote as Proxied, releaseProxy, wrap } from 'comlink';
import { type ErrorReport, fromReport, MillraceError, WorkerLostError } from '../model/index.ts';
import type { ControlAnswer } from './control-answer.ts';
import { controlEndpoint, type RingOptions } from './control-endpoint.ts';

/** `T` as seen from another thread: every function answers with a promise, everything else is absent. */
export type Remote<T extends object> = {
  readonly [M in keyof T as T[M] extends (...args: never[]) => unknown ? M : never]: T[M] extends (
    ...args: infer A
  ) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

export interface ConnectOptions extends RingOptions {
  /** Who is at the other end, for messages: `worker 1`. */
  readonly name: string;
  /**
   * Resolves when the thread at the other end is gone, with the reason; every open call rejects with it. Without it the
   * closing of the port has to serve. Whoever gives it promises that it settles once the port is closed.
   */
  readonly lost?: Promise<ErrorReport> | undefined;
}

export interface ControlConnection<T extends object> {
  readonly remote: Remote<T>;
  /** Calls not yet answered. */
  pending(): number;
  /** Releases the proxy and closes the port. Open calls reject. Idempotent. */
  close(): void;
}

type Command = (...args: unknown[]) => Promise<ControlAnswer>;
type Commands = Record<string, Command>;

export function connectControl<T extends object>(port: MessagePort, options: ConnectOptions): ControlConnection<T> {
  const client = new ControlClient(port, options);
  return {
    remote: client.createRemote() as Remote<T>,
    pending: () => client.pending(),
    close: () => client.close(),
  };
}

class ControlClient {
  readonly #name: string;
  readonly #port: MessagePort;
  readonly #proxy: Proxied<Commands>;
  /** Rejections of the calls under way. A set of our own: `Promise.race` with a long-lived promise would leak a reaction a call. */
  readonly #open: Set<() => void> = new Set();
  #lostBecause: ErrorReport | 'closed' | undefined;
  /** The port has closed, and why is not known yet: calls wait for the reason. */
  #isLosing = false;

  constructor(port: MessagePort, options: ConnectOptions) {
    this.#name = options.name;
    this.#port = port;
    this.#proxy = wrap<Commands>(controlEndpoint(port, options) as Endpoint);
    const { lost } = options;
    void lost?.then((report) => this.#lose(report));
    port.once('close', () => {
      // The port of a dying worker closes a moment before its exit is known. Calls wait for the reason, those made meanwhile too.
      if (lost === undefined) this.#lose('closed');
      else this.#isLosing = true;
    });
  }

  createRemote(): object {
    const commands = new Map<string, (...args: unknown[]) => Promise<unknown>>();
    return new Proxy(Object.create(null) as object, {
      get: (_target, method) => {
        // Not thenable: an async function must be able to return the remote.
        if (typeof method === 'symbol' || method === 'then') return undefined;
        let command = commands.get(method);
        if (command === undefined) {
          command = this.#createCommand(method);
          commands.set(method, command);
        }
        return command;
      },
    });
  }

  pending(): number {
    return this.#open.size;
  }

  close(): void {
    if (this.#lostBecause === undefined && !this.#isLosing) this.#proxy[releaseProxy]();
    this.#lose('closed');
    this.#port.close();
  }

  #createCommand(method: string): (...args: unknown[]) => Promise<unknown> {
    let proxied: Command | undefined;
    return (...args) =>
      new Promise((resolve, reject) => {
        if (this.#lostBecause !== undefined) {
          reject(this.#lossOf(method, this.#lostBecause));
          return;
        }
        const lose = (): void => reject(this.#lossOf(method, this.#lostBecause ?? 'closed'));
        this.#open.add(lose);
        if (this.#isLosing) return;
        proxied ??= this.#proxy[method] as unknown as Command;
        const answered = proxied(...args);
        answered.then(
          (answer) => {
            this.#open.delete(lose);
            if (answer.ok) resolve(answer.value);
            else reject(fromReport(answer.report));
          },
          (cause: unknown) => {
            this.#open.delete(lose);
            reject(this.#refusalOf(method, cause));
          },
        );
      });
  }

  #lose(reason: ErrorReport | 'closed'): void {
    this.#lostBecause ??= reason;
    const open = [...this.#open];
    this.#open.clear();
    for (const lose of open) lose();
  }

  #lossOf(method: string, reason: ErrorReport | 'closed'): WorkerLostError {
    return reason === 'closed'
      ? new WorkerLostError(`'${method}' was not answered: the control connection to ${this.#name} is closed`)
      : new WorkerLostError(`'${method}' was not answered: ${reason.message}`, { cause: fromReport(reason) });
  }

  #refusalOf(method: string, cause: unknown): MillraceError {
    return new MillraceError(
      `the control call '${method}' to ${this.#name} could not be made: the command does not exist there, or its arguments or result cannot be cloned`,
      { code: 'ERR_CONTROL_CALL', domain: 'internal', recovery: 'none', cause },
    );
  }
}
