/** A job in a process of its own, with what it says and how it ends. Starts and kills; judges nothing. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { RunEvent } from '../../fixtures/recovery/run-job.ts';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From start to end. */
  readonly durationMs: number;
}

export class JobProcess {
  /** Never rejects. */
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #events: RunEvent[] = [];
  readonly #listeners: Set<() => void> = new Set();
  #hasExited = false;
  #line = '';

  /** `parameters` of node: a script and its arguments. */
  constructor(parameters: readonly string[], directory: string, environment: Readonly<Record<string, string>>) {
    const startedAt = performance.now();
    this.#child = spawn(process.execPath, parameters, {
      cwd: directory,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout: string[] = [];
    const stderr: string[] = [];
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout.push(text);
      this.#hear(text);
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
    this.exited = new Promise((resolve) => {
      const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#hasExited = true;
        resolve({
          code,
          signal,
          stdout: stdout.join(''),
          stderr: stderr.join(''),
          durationMs: performance.now() - startedAt,
        });
        this.#tell();
      };
      this.#child.once('error', (error) => {
        stderr.push(String(error));
        settle(null, null);
      });
      this.#child.once('close', settle);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Of the embedding script only. */
  get events(): readonly RunEvent[] {
    return this.#events;
  }

  /** The `nth` event of that kind, from 1; `undefined` when the process ends before it. */
  event<K extends RunEvent['event']>(kind: K, nth = 1): Promise<Extract<RunEvent, { event: K }> | undefined> {
    type Wanted = Extract<RunEvent, { event: K }>;
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.#events.filter((event): event is Wanted => event.event === kind)[nth - 1];
        if (found === undefined && !this.#hasExited) return;
        this.#listeners.delete(look);
        resolve(found);
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** Without effect on a process that has ended. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#hasExited) this.#child.kill(signal);
  }

  #hear(text: string): void {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines.filter((line) => line.startsWith('{"event":')))
      this.#events.push(JSON.parse(line) as RunEvent);
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
