/** Drives one file sink as the engine does, over restarts and crashes. Not a test. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileSinkOptions } from '../../../src/connectors/file-sink/file-sink-options.ts';
import { sinks } from '../../../src/connectors/sinks.ts';
import { type CommitToken, type SinkCommitter, type SinkWriter, StreamRecord } from '../../../src/model/index.ts';
import { writerContext } from '../connector-fixture.ts';

/** Ends a simulated process: nothing behind it runs. */
export class Crash extends Error {}

/** What survives a crash: the folder, and what the manifest of the last committed epoch says. */
export interface Durable {
  readonly folder: string;
  generation: number;
  epoch: number;
  token: CommitToken | undefined;
}

export function durable(folder: string): Durable {
  return { folder, generation: 0, epoch: 0, token: undefined };
}

/** One generation of a sink with `parallelism` subtasks. */
export class SinkRun {
  readonly #state: Durable;
  readonly #crashPoint: (name: string) => void;
  readonly #writers: readonly SinkWriter[];
  readonly committer: SinkCommitter;

  constructor(
    state: Durable,
    options: FileSinkOptions,
    settings: {
      readonly parallelism?: number;
      readonly crashPoint?: (name: string) => void;
      readonly node?: string;
    } = {},
  ) {
    const { parallelism = 2, crashPoint = () => {}, node = 'output' } = settings;
    state.generation++;
    this.#state = state;
    this.#crashPoint = crashPoint;
    const context = {
      node,
      generation: state.generation,
      baseDirectory: state.folder,
      pendingDirectory: join(state.folder, 'state', 'pending', node),
      crashPoint,
      parallelism,
    };
    const sink = sinks.file(options);
    this.committer = sink.createCommitter!(writerContext(context));
    this.#writers = Array.from({ length: parallelism }, (_, subtask) =>
      sink.createWriter(writerContext({ ...context, subtask })),
    );
  }

  restore(): Promise<void> {
    return this.committer.restore(this.#state.token);
  }

  /** Writes `records` in turn to the subtasks and commits them as the next epoch. */
  async epoch(records: readonly unknown[]): Promise<void> {
    const epoch = this.#state.epoch + 1;
    records.forEach((value, sequence) => {
      const record = new StreamRecord(value, undefined, Number.NaN, 0);
      this.#writers[sequence % this.#writers.length]!.write(record, { epoch, sequence });
    });
    const tokens: CommitToken[] = [];
    for (const writer of this.#writers) {
      const { token } = await writer.prepare(epoch);
      if (token !== undefined) tokens.push(token);
    }
    const token = await this.committer.seal(epoch, tokens);
    // The transaction: a token is plain data and must survive being stored.
    this.#crashPoint('transaction.before');
    this.#state.token = JSON.parse(JSON.stringify(token));
    this.#state.epoch = epoch;
    this.#crashPoint('transaction.after');
    await this.committer.commit(JSON.parse(JSON.stringify(token)));
  }

  async close(): Promise<void> {
    for (const writer of this.#writers) writer.close();
    await this.committer.close();
  }
}

export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
