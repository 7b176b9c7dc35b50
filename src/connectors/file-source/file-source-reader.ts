/** Reads the splits of one subtask in turn, makes records of what they find, and applies the policy for bad input. */
import { resolve } from 'node:path';
import {
  ConnectorError,
  type MonotonicMs,
  type PollResult,
  type SourceEmitter,
  type SourceReader,
  type SourceReaderContext,
  type SplitId,
  type SplitOffsets,
  StreamRecord,
} from '../../model/index.ts';
import { SplitAnnouncer } from '../split-announcer.ts';
import type { FileSourceSettings } from './file-source-options.ts';
import { FileSplit, type SplitReceiver } from './file-split.ts';
import type { RecordWindow } from './record-window.ts';
import type { Refusal } from './refusal.ts';

export class FileSourceReader<T> implements SourceReader<T>, SplitReceiver {
  readonly #context: SourceReaderContext;
  readonly #settings: FileSourceSettings;
  readonly #splits: readonly FileSplit[];
  readonly #announcer: SplitAnnouncer = new SplitAnnouncer();
  /** Which split comes first in the next poll: none starves behind a busy one. */
  #first = 0;
  #out: SourceEmitter<T> | undefined;
  #ingestTime: MonotonicMs = 0;

  constructor(context: SourceReaderContext, settings: FileSourceSettings) {
    const { baseDirectory, clock, offsets } = context;
    this.#context = context;
    this.#settings = settings;
    this.#splits = context.splits.map(
      (split) => new FileSplit(split, resolve(baseDirectory, split), settings, clock, offsets[split]),
    );
  }

  offsets(): SplitOffsets {
    return Object.fromEntries(this.#splits.map((split) => [split.split, { ...split.offset() }]));
  }

  poll(out: SourceEmitter<T>, limit: number, until?: SplitOffsets): PollResult {
    this.#announcer.begin(out);
    this.#out = out;
    this.#ingestTime = this.#context.clock.monotonic();
    const splits = this.#splits;
    let count = 0;
    let isBusy = false;
    let hasEnded = true;
    for (let turn = 0; turn < splits.length; turn++) {
      const split = splits[(this.#first + turn) % splits.length]!;
      const isTurn = count < limit;
      if (isTurn) count += split.poll(this, limit - count, until?.[split.split]);
      if (split.state === 'busy') isBusy = true;
      if (isTurn && split.state === 'idle') this.#announcer.caughtUp(split.split);
      if (split.state === 'ended') this.#announcer.end(split.split);
      else hasEnded = false;
    }
    if (splits.length > 0) this.#first = (this.#first + 1) % splits.length;
    if (count > 0 || isBusy) return 'progress';
    return hasEnded ? 'ended' : 'idle';
  }

  wakeAt(): MonotonicMs {
    return this.#splits.reduce((earliest, split) => Math.min(earliest, split.wakeAt()), Number.POSITIVE_INFINITY);
  }

  /** Offsets are in the checkpoint: the file needs no word. */
  acknowledge(): void {}

  close(): void {
    for (const split of this.#splits) split.close();
  }

  onRecord(value: unknown, split: SplitId): void {
    this.#announcer.enter(split);
    this.#out!.emit(new StreamRecord(value as T, undefined, Number.NaN, this.#ingestTime));
  }

  onRefused({ reason }: Refusal, split: SplitId, found: RecordWindow): void {
    const offset = String(found.contentOffset);
    switch (this.#settings.onBadRecord) {
      case 'skip':
        this.#context.skipped();
        return;
      case 'dead-letter':
        this.#context.deadLetter({ split, offset, reason, raw: found.raw(), rawBytes: found.contentBytes });
        return;
      case 'fail':
        throw new ConnectorError(
          `the record at byte ${offset} of ${split} ${reason}; correct it, or set onBadRecord: 'dead-letter' or 'skip'`,
          { code: 'ERR_BAD_RECORD', node: this.#context.node, split, offset, recovery: 'none' },
        );
    }
  }
}
