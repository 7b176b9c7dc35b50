/**
 * How far one file of a source can be read now. Looks at sizes, names and, of a followed file, at where its last record ends; makes
 * no records and keeps no file open.
 *
 * A file that is not followed is there from the start: all of it can be read, and its end is the reader's to find. Of a followed one
 * only complete records count. Where it was renamed, what is left of it and the file that has its name now make one extent, once
 * nothing has been added to it for `pollIntervalMs`: writers may go on with a renamed file for a moment. As for readers, the name must
 * not be given away twice before the first of the files is read.
 *
 * A file that was cut or replaced is noticed here as it is by a reader (`locate-source-file.ts`).
 */
import {
  assert,
  type Clock,
  type MonotonicMs,
  type Offset,
  type SplitExtent,
  type SplitId,
} from '../../model/index.ts';
import type { FileSourceSettings } from './file-source-options.ts';
import { LastLineEnd } from './last-line-end.ts';
import { LastRowEnd } from './last-row-end.ts';
import { locateSourceFile } from './locate-source-file.ts';
import type { RecordEndFinder } from './record-end-finder.ts';
import { FILE_START, type FileOffset, parseSavedOffset } from './resume-point.ts';
import { isSystemError, unreadable } from './source-errors.ts';
import { identityOf, SourceFile } from './source-file.ts';

/** A followed file as far as it is complete. */
interface Stretch {
  readonly file: string;
  /** Behind its last complete record. */
  readonly end: number;
  readonly bytes: number;
  /** Whether it was looked at to its end. */
  readonly isSeen: boolean;
}

/** What the last survey found. */
interface Surveyed {
  /** Where a reader will begin: not where it was asked to, if it has to begin anew. */
  readonly from: FileOffset;
  /** Absent: the file is not followed. */
  readonly stretch?: Stretch;
  /** The file that has the name now, where it is another and the first one is finished. */
  readonly next?: Stretch;
}

export class FileSplitSurvey {
  readonly #split: SplitId;
  readonly #path: string;
  readonly #settings: FileSourceSettings;
  readonly #clock: Clock;
  /** By file identity; of the files of the last survey only. */
  #ends: Map<string, RecordEndFinder> = new Map();
  #surveyed: Surveyed | undefined;
  /** The beginning of the file that was surveyed first, where there was no offset yet. */
  #unread: FileOffset | undefined;
  /** A renamed file, its size, and since when it has had it. */
  #renamed: { readonly file: string; readonly bytes: number; readonly since: MonotonicMs } | undefined;

  constructor(split: SplitId, path: string, settings: FileSourceSettings, clock: Clock) {
    this.#split = split;
    this.#path = path;
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * `end`: of a followed file, what was added behind it is left out. Throws `ConnectorError` as the start does when the file is
   * missing, unreadable, or not the one that was read before.
   */
  async extent(offset: Offset | undefined, end?: Offset): Promise<SplitExtent> {
    const saved = this.#known(parseSavedOffset(this.#split, offset));
    try {
      const { file, from } = locateSourceFile(this.#split, this.#path, saved, this.#settings);
      try {
        // Begun anew (`onTruncate: 'restart'`): though there may be nothing to read, the offset has to change.
        const isAnew = from !== saved && saved.file !== '';
        if (!this.#settings.follow) return this.#whole(file, from, isAnew);
        if (offset === undefined) this.#unread ??= { ...FILE_START, file: file.identity };
        const last = end === undefined ? undefined : parseSavedOffset(this.#split, end);
        return await this.#followed(file, from, last, isAnew, offset === undefined);
      } finally {
        file.close();
      }
    } catch (error) {
      if (isSystemError(error)) throw unreadable(this.#split, this.#path, error);
      throw error;
    }
  }

  /** Only behind a survey from the same offset. */
  cut(bytes: number): Offset {
    const surveyed = this.#surveyed;
    assert(surveyed !== undefined, `${this.#split} is cut before it was surveyed`);
    const { from, stretch, next } = surveyed;
    const at = from.offset + Math.max(1, Math.floor(bytes));
    if (stretch === undefined) return boundIn(from.file, at);
    if (next === undefined || at <= stretch.end) return boundIn(stretch.file, Math.min(at, stretch.end));
    // What is left behind the last newline of a renamed file is a record too, and not to be parted from what is before it.
    return boundIn(next.file, Math.min(Math.max(0, at - stretch.bytes), next.end));
  }

  #whole(file: SourceFile, from: FileOffset, isAnew: boolean): SplitExtent {
    this.#surveyed = { from };
    const bytes = Math.max(0, file.bytes() - from.offset);
    // The end of an array that was not closed is still to be complained of.
    const isRead = bytes === 0 && (this.#settings.format !== 'json' || from.isClosed);
    return { bytes, isEmpty: isRead && !isAnew, isEnd: true };
  }

  /** The beginning of a split that was never read is in the file that was surveyed first, which may be renamed before it is read. */
  #known(saved: FileOffset): FileOffset {
    return saved.file === '' ? (this.#unread ?? saved) : saved;
  }

  async #followed(
    file: SourceFile,
    from: FileOffset,
    last: FileOffset | undefined,
    isAnew: boolean,
    isUnread: boolean,
  ): Promise<SplitExtent> {
    const known = this.#ends;
    this.#ends = new Map();
    const stretch = endingAt(last, await this.#stretchOf(file, from.offset, known));
    const isFinished = this.#isFinished(file, stretch.bytes) && last?.file !== stretch.file;
    // The first range of a split is in one file: what a reader has to begin with, it learns from the bound.
    const following = isFinished && stretch.isSeen && !isUnread ? await this.#nextStretch(known) : undefined;
    const next = following && endingAt(last, following);
    if (next === undefined) {
      this.#surveyed = { from, stretch };
      const bytes = stretch.end - from.offset;
      const until = { ...file.offsetAt(stretch.end, false) };
      const mustMove = isAnew || (isFinished && isUnread);
      return { until, bytes, isEmpty: bytes === 0 && !mustMove, isEnd: false };
    }
    this.#surveyed = { from, stretch, next };
    const until = boundIn(next.file, next.end);
    return { until, bytes: stretch.bytes - from.offset + next.end, isEmpty: false, isEnd: false };
  }

  async #stretchOf(file: SourceFile, from: number, known: ReadonlyMap<string, RecordEndFinder>): Promise<Stretch> {
    const { format, csv } = this.#settings;
    const finder = known.get(file.identity) ?? (format === 'csv' ? new LastRowEnd(csv.delimiter) : new LastLineEnd());
    this.#ends.set(file.identity, finder);
    const end = await finder.find(file, from);
    const bytes = file.bytes();
    return { file: file.identity, end, bytes, isSeen: finder.lookedAt >= bytes };
  }

  /** Whether another file has its name and nobody writes to it any more. */
  #isFinished(file: SourceFile, bytes: number): boolean {
    const named = identityOf(this.#path);
    if (named === undefined || named === file.identity) {
      this.#renamed = undefined;
      return false;
    }
    const now = this.#clock.monotonic();
    const before = this.#renamed;
    if (before?.file !== file.identity || before.bytes !== bytes) {
      this.#renamed = { file: file.identity, bytes, since: now };
      return false;
    }
    return now - before.since >= this.#settings.pollIntervalMs;
  }

  /** `undefined`: renamed again between two looks. */
  async #nextStretch(known: ReadonlyMap<string, RecordEndFinder>): Promise<Stretch | undefined> {
    if (identityOf(this.#path) === undefined) return undefined;
    const file = new SourceFile(this.#path);
    try {
      return await this.#stretchOf(file, 0, known);
    } finally {
      file.close();
    }
  }
}

/** What is in front of `last`, where that is in this file. */
function endingAt(last: FileOffset | undefined, stretch: Stretch): Stretch {
  return last?.file === stretch.file ? { ...stretch, end: Math.min(stretch.end, last.offset) } : stretch;
}

/** As a bound an offset needs no more than the file and the place. */
function boundIn(file: string, offset: number): Offset {
  return { offset, file, head: 0, headBytes: 0, isClosed: false };
}
