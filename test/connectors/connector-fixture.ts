/** What connector tests share: contexts, a clock that moves only when told, an emitter that collects. Not a test. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type {
  Cancellable,
  Clock,
  DeadLetter,
  SinkWriterContext,
  SourceEmitter,
  SourceReader,
  SourceReaderContext,
  SplitId,
  StreamRecord,
  SurveyContext,
} from '../../src/model/index.ts';

export class ManualClock implements Clock {
  timeMs = 1000;

  now(): number {
    return this.timeMs;
  }

  monotonic(): number {
    return this.timeMs;
  }

  /** Runs the callback at once, `delayMs` later by this clock: waiting code goes on without waiting. */
  schedule(delayMs: number, callback: () => void): Cancellable {
    this.timeMs += delayMs;
    const pending = setImmediate(callback);
    return { cancel: () => clearImmediate(pending) };
  }
}

export class CollectingEmitter<T = unknown> implements SourceEmitter<T> {
  readonly records: StreamRecord<T>[] = [];
  /** What was said of splits, in order with the records: 'enter a', a record's value, 'end a'. */
  readonly caughtUp: Set<SplitId> = new Set();
  readonly story: unknown[] = [];

  get values(): T[] {
    return this.records.map((record) => record.value);
  }

  emit(record: StreamRecord<T>): void {
    this.records.push(record);
    this.story.push(record.value);
  }

  emitTo(): void {
    throw new Error('a source has one output');
  }

  enterSplit(split: SplitId): void {
    this.story.push(`enter ${split}`);
  }

  /** Not part of the story: it may be said at every poll. */
  caughtUpSplit(split: SplitId): void {
    this.caughtUp.add(split);
  }

  endSplit(split: SplitId): void {
    this.story.push(`end ${split}`);
  }
}

export interface Refused {
  readonly letters: Omit<DeadLetter, 'node'>[];
  skipped: number;
}

export function readerContext(
  overrides: Partial<SourceReaderContext> & Pick<SourceReaderContext, 'splits'>,
): SourceReaderContext & { readonly refused: Refused } {
  const refused: Refused = { letters: [], skipped: 0 };
  return {
    node: 'input',
    job: 'test',
    generation: 1,
    baseDirectory: '/',
    pendingDirectory: '/nowhere',
    clock: new ManualClock(),
    subtask: 0,
    parallelism: 1,
    offsets: {},
    deadLetter: (letter) => refused.letters.push(letter),
    skipped: () => {
      refused.skipped++;
    },
    refused,
    ...overrides,
  };
}

export function surveyContext(overrides: Partial<SurveyContext> & Pick<SurveyContext, 'splits'>): SurveyContext {
  return {
    node: 'input',
    job: 'test',
    generation: 1,
    baseDirectory: '/',
    pendingDirectory: '/nowhere',
    clock: new ManualClock(),
    offsets: {},
    ...overrides,
  };
}

export function writerContext(overrides: Partial<SinkWriterContext>): SinkWriterContext {
  return {
    node: 'output',
    job: 'test',
    generation: 1,
    baseDirectory: '/',
    pendingDirectory: '/nowhere',
    clock: new ManualClock(),
    subtask: 0,
    parallelism: 1,
    attempt: 0,
    firstEpoch: 1,
    ...overrides,
  };
}

/** Polls until the reader has ended, or, where it never ends, until it has nothing more to say. */
export function readAll<T>(reader: SourceReader<T>, limit = 100): T[] {
  const out = new CollectingEmitter<T>();
  let result = reader.poll(out, limit);
  while (result === 'progress') result = reader.poll(out, limit);
  return out.values;
}

/** A folder of its own for one test, removed behind it; in memory where there is such a place (thousands of fsyncs). */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'millrace-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
