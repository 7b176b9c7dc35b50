/**
 * One split of a file source: a file, or with `follow` the succession of files that have its name.
 *
 *   not open ──> start (byte order mark, header) ──> records ──> ended
 *                  ^                                    │
 *                  └── followed, renamed, read to the end, a new file has the name
 *
 * A range is bounded by an offset (`until`). It holds the records that begin before the bound; what is in front of the first record
 * of a file (byte order mark, header) belongs to that record. Nothing in a range is waited for: it was there when it was chosen.
 *
 * Owns the window, the open file and its offset. Does not decide what happens to refused input.
 *
 * Rotation by renaming loses nothing as long as the old file stays in its folder until it is read, and the name is not
 * given away twice between two looks. A file that is cut and written anew loses what was not read before: that is noticed
 * and refused, or accepted with `onTruncate: 'restart'`.
 */
import { type Clock, ConnectorError, type MonotonicMs, type Offset, type SplitId } from '../../model/index.ts';
import { CsvScanner } from './csv-scanner.ts';
import type { FileSourceSettings } from './file-source-options.ts';
import { JsonArrayScanner } from './json-array-scanner.ts';
import { LineScanner } from './line-scanner.ts';
import { locateSourceFile, locateSurveyed } from './locate-source-file.ts';
import { csvDecoder, jsonDecoder, type RecordDecoder } from './record-decoder.ts';
import type { RecordScanner } from './record-scanner.ts';
import { RecordWindow } from './record-window.ts';
import { Refusal } from './refusal.ts';
import { FILE_START, type FileOffset, parseFileOffset, parseSavedOffset } from './resume-point.ts';
import { changedUnderfoot, isSystemError, unreadable } from './source-errors.ts';
import { identityOf, SourceFile } from './source-file.ts';

/** Takes what a split finds. */
export interface SplitReceiver {
  onRecord(value: unknown, split: SplitId): void;
  /** The bytes are in `found` until the call returns. */
  onRefused(refusal: Refusal, split: SplitId, found: RecordWindow): void;
}

/** `busy`: more may be there now. `held`: it has come to the end of the range it may read. */
export type SplitState = 'busy' | 'idle' | 'held' | 'ended';

/** Reads in one poll, at most: bounds a turn over a record that is longer than the limit. */
const FILLS_MAX = 16;

export class FileSplit {
  readonly split: SplitId;
  readonly #path: string;
  readonly #settings: FileSourceSettings;
  readonly #clock: Clock;
  readonly #window: RecordWindow;
  /** Where to begin; what {@link offset} says until the file is open. */
  readonly #saved: FileOffset;
  #state: SplitState = 'busy';
  #file: SourceFile | undefined;
  /** Whether it is the file that `#saved` is about, whatever its identity. */
  #isOfCheckpoint = false;
  /** `undefined` until the header is read. */
  #decode: RecordDecoder | undefined;
  #isMarkPassed = false;
  /** Nothing of the file was passed over yet but its mark and header. */
  #isAtFirstRecord = true;
  #lookAt: MonotonicMs = 0;
  #pauseMs = 0;
  /** Whether another file had the name already at the last look. */
  #wasRenamed = false;

  constructor(split: SplitId, path: string, settings: FileSourceSettings, clock: Clock, offset: Offset | undefined) {
    this.split = split;
    this.#path = path;
    this.#settings = settings;
    this.#clock = clock;
    this.#window = new RecordWindow(scannerFor(settings, FILE_START), settings);
    this.#saved = parseSavedOffset(split, offset);
  }

  get state(): SplitState {
    return this.#state;
  }

  /** What an epoch seals. */
  offset(): FileOffset {
    return this.#file === undefined ? this.#saved : this.#file.offsetAt(this.#window.position, this.#window.isClosed);
  }

  wakeAt(): MonotonicMs {
    switch (this.#state) {
      case 'busy':
        return this.#clock.monotonic();
      case 'idle':
        return this.#lookAt;
      case 'held':
      case 'ended':
        return Number.POSITIVE_INFINITY;
    }
  }

  /** Hands over at most `limit` records and refusals that begin before `until`; returns how many. */
  poll(receiver: SplitReceiver, limit: number, until: Offset | undefined): number {
    if (this.#state === 'ended') return 0;
    if (this.#state === 'idle' && this.#clock.monotonic() < this.#lookAt) return 0;
    try {
      return this.#poll(receiver, limit, until);
    } catch (error) {
      if (isSystemError(error)) throw unreadable(this.split, this.#path, error);
      throw error;
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#state = 'ended';
  }

  #poll(receiver: SplitReceiver, limit: number, until: Offset | undefined): number {
    const bound = until === undefined ? undefined : parseFileOffset(until);
    let file = this.#file ?? this.#open(bound);
    if (this.#settings.follow && this.#state !== 'busy') file = this.#checkUnchanged(file);
    this.#state = 'busy';
    let count = 0;
    for (let fills = 0; fills < FILLS_MAX; fills++) {
      const stop = this.#stopIn(file, bound);
      count += this.#drain(receiver, limit - count, stop);
      if (count >= limit) return count;
      if (this.#isBehind(stop)) {
        this.#state = 'held';
        return count;
      }
      if (this.#fill(file) > 0) continue;
      count += this.#atEndOfFile(file, receiver, bound, stop);
      if (this.#state !== 'busy') return count;
      file = this.#file ?? file;
    }
    return count;
  }

  /** Whether the next record begins at `stop` or behind it. */
  #isBehind(stop: number): boolean {
    return this.#isAtFirstRecord ? stop <= 0 : this.#window.position >= stop;
  }

  /** Delivers what the window contains. */
  #drain(receiver: SplitReceiver, limit: number, stop: number): number {
    const decode = this.#decode ?? this.#readStart(false);
    if (decode === undefined) return 0;
    let count = 0;
    while (count < limit && !this.#isBehind(stop) && this.#next(stop)) {
      if (this.#deliver(decode, receiver)) count++;
    }
    return count;
  }

  #next(stop: number): boolean {
    const window = this.#window;
    if (!this.#isAtFirstRecord) return window.next(stop) === 'record';
    const begin = window.position;
    const found = window.next(stop);
    this.#isAtFirstRecord = window.position === begin;
    return found === 'record';
  }

  #deliver(decode: RecordDecoder, receiver: SplitReceiver): boolean {
    const window = this.#window;
    const text = window.refusal ?? window.text();
    const value = text instanceof Refusal ? text : decode(text);
    if (value === undefined) return false;
    if (value instanceof Refusal) receiver.onRefused(value, this.split, window);
    else receiver.onRecord(value, this.split);
    return true;
  }

  #fill(file: SourceFile): number {
    const count = this.#window.fill((buffer, offset, length, position) => file.read(buffer, offset, length, position));
    if (count > 0) {
      this.#pauseMs = 0;
      this.#wasRenamed = false;
    }
    return count;
  }

  /** Everything that was there is read: the split has ended, waits, or goes over to the file that has its name now. */
  #atEndOfFile(file: SourceFile, receiver: SplitReceiver, bound: FileOffset | undefined, stop: number): number {
    if (!this.#settings.follow) {
      const count = this.#finishFile(receiver);
      this.#state = 'ended';
      return count;
    }
    if (bound === undefined) return this.#atEndOfFollowed(file, receiver);
    if (stop !== Number.POSITIVE_INFINITY) {
      this.#endRange(file, stop);
      return 0;
    }
    return this.#goOver(file, locateSurveyed(this.split, this.#path, bound.file), receiver);
  }

  #atEndOfFollowed(file: SourceFile, receiver: SplitReceiver): number {
    const { pollIntervalMs } = this.#settings;
    const named = identityOf(this.#path);
    const isRenamed = named !== undefined && named !== file.identity;
    // Writers may go on with a renamed file for a moment: it is finished when a second look finds nothing new.
    if (isRenamed && this.#wasRenamed) return this.#goOver(file, new SourceFile(this.#path), receiver);
    this.#wasRenamed = isRenamed;
    this.#pauseMs = Math.min(pollIntervalMs, this.#pauseMs === 0 ? pollIntervalMs / 4 : this.#pauseMs * 2);
    this.#lookAt = this.#clock.monotonic() + this.#pauseMs;
    this.#state = 'idle';
    return 0;
  }

  /** A followed file ends before a bound that is in it: what begins there is not complete, or the file was cut behind the survey. */
  #endRange(file: SourceFile, stop: number): void {
    this.#state = 'held';
    if (this.#window.readPosition >= stop || this.#settings.onTruncate === 'restart') return;
    const what = `was cut to ${file.bytes()} bytes when ${stop} of it were to be read`;
    throw changedUnderfoot(this.split, this.#path, what);
  }

  /** Finishes a file that was renamed. */
  #goOver(from: SourceFile, to: SourceFile, receiver: SplitReceiver): number {
    const count = this.#finishFile(receiver);
    from.close();
    this.#begin(to, FILE_START);
    return count;
  }

  /** Takes the rest of the file as its last record. */
  #finishFile(receiver: SplitReceiver): number {
    const decode = this.#decode ?? this.#readStart(true);
    if (decode === undefined) return 0;
    // A start that only the end of the file decides (half a byte order mark) has not been looked at yet.
    let count = 0;
    while (this.#window.next() === 'record') if (this.#deliver(decode, receiver)) count++;
    if (this.#window.finish() === 'none') return count;
    return this.#deliver(decode, receiver) ? count + 1 : count;
  }

  #open(bound: FileOffset | undefined): SourceFile {
    // A split that was never read begins in the file that its first range was chosen in, though that may have been renamed since.
    if (this.#settings.follow && this.#saved.file === '' && bound !== undefined && bound.file !== '') {
      const surveyed = locateSurveyed(this.split, this.#path, bound.file);
      this.#begin(surveyed, FILE_START);
      return surveyed;
    }
    const { file, from } = locateSourceFile(this.split, this.#path, this.#saved, this.#settings);
    this.#begin(file, from);
    this.#isOfCheckpoint = true;
    return file;
  }

  #begin(file: SourceFile, from: FileOffset): void {
    const { csv, format } = this.#settings;
    this.#file = file;
    this.#isOfCheckpoint = false;
    this.#wasRenamed = false;
    this.#isMarkPassed = false;
    this.#isAtFirstRecord = true;
    this.#window.reset(scannerFor(this.#settings, FILE_START), 0);
    this.#decode = undefined;
    if (from.offset === 0 && !from.isClosed) return;
    // Going on in the middle: the header is still needed.
    if (format === 'csv' && csv.header === true) {
      while (this.#readStart(false) === undefined)
        if (this.#fill(file) === 0 && this.#readStart(true) === undefined) break;
    }
    this.#isMarkPassed = true;
    this.#isAtFirstRecord = false;
    this.#window.reset(scannerFor(this.#settings, from), from.offset);
  }

  /** Passes over the byte order mark and the header; `undefined` while they have not been read. */
  #readStart(isAtEnd: boolean): RecordDecoder | undefined {
    const { format, csv } = this.#settings;
    const window = this.#window;
    this.#isMarkPassed ||= window.passByteOrderMark(isAtEnd);
    if (!this.#isMarkPassed) return undefined;
    if (format !== 'csv') {
      this.#decode = jsonDecoder(this.#settings, format === 'jsonl');
    } else if (csv.header !== true) {
      this.#decode = this.#csvDecoder(undefined);
    } else if (window.next() === 'record' || (isAtEnd && window.finish() === 'record')) {
      this.#decode = this.#csvDecoder(window.refusal ?? window.text());
    }
    return this.#decode;
  }

  #csvDecoder(header: string | Refusal | undefined): RecordDecoder {
    const decode = header instanceof Refusal ? header : csvDecoder(this.#settings, header);
    if (!(decode instanceof Refusal)) return decode;
    throw new ConnectorError(
      `the header of ${this.#path} ${decode.reason}; correct it, or name the columns with csv.header`,
      { code: 'ERR_BAD_RECORD', split: this.split, offset: '0', recovery: 'none' },
    );
  }

  /** A followed file may have been cut, and may have grown again since. */
  #checkUnchanged(file: SourceFile): SourceFile {
    const bytes = file.bytes();
    const { readPosition } = this.#window;
    if (bytes === readPosition || (bytes > readPosition && file.hasKeptHead())) return file;
    if (this.#settings.onTruncate === 'fail') {
      const what = bytes < readPosition ? `was cut from ${readPosition} to ${bytes} bytes` : 'was written anew';
      throw changedUnderfoot(this.split, this.#path, `${what} while it was read`);
    }
    this.#begin(file, FILE_START);
    return file;
  }

  /** The offset in `file` that `bound` forbids to pass. Where it names a later file, this one is read to its end. */
  #stopIn(file: SourceFile, bound: FileOffset | undefined): number {
    if (bound === undefined) return Number.POSITIVE_INFINITY;
    // A file that is not followed has no successor: if its identity changed, it was copied.
    if (!this.#settings.follow || bound.file === '' || bound.file === file.identity) return bound.offset;
    return this.#isOfCheckpoint && bound.file === this.#saved.file ? bound.offset : Number.POSITIVE_INFINITY;
  }
}

function scannerFor({ format, csv }: FileSourceSettings, from: FileOffset): RecordScanner {
  switch (format) {
    case 'jsonl':
      return new LineScanner();
    case 'csv':
      return new CsvScanner(csv.delimiter);
    case 'json':
      return new JsonArrayScanner(from.offset === 0, from.isClosed);
  }
}
