/**
 * The part of a file that is in memory, and the record in it that was found last.
 *
 *   file   ....[ read and passed | record | not looked at yet | room ]....
 *              ^ base            ^ begin  ^ scanned           ^ end
 *
 * Bounds (I8): at most `recordMaxBytes + 2` bytes of an unfinished record are held; of a longer one only the first 64 KiB,
 * for its dead letter, while the rest is passed over. The buffer grows to that and one read, and no further.
 * What it finds depends on the bytes alone, never on how they were split into reads.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { assert, DEAD_LETTER_RAW_BYTES_MAX } from '../../model/index.ts';
import type { RecordScanner } from './record-scanner.ts';
import { Refusal } from './refusal.ts';

/** `record`: {@link RecordWindow.text} is there. `more`: the bytes at hand contain no further record that was asked for. */
export type Found = 'record' | 'more';

/** Reads into `buffer` from `position` of the file on; returns how many bytes there were. */
export type ReadAt = (buffer: Buffer, offset: number, length: number, position: number) => number;

const CARRIAGE_RETURN = 13;
const INITIAL_BYTES_MAX = 512 * 1024;

export class RecordWindow {
  readonly #recordMaxBytes: number;
  readonly #readBytes: number;
  #scanner: RecordScanner;
  #buffer: Buffer;
  /** Offset in the file of the buffer's first byte. */
  #base = 0;
  /** Where the next record begins, how far it was looked at, and where the bytes end; indexes into the buffer. */
  #begin = 0;
  #scanned = 0;
  #end = 0;
  /** Content of the record found last. */
  #contentStart = 0;
  #contentEnd = 0;
  /** Bytes of an over-long record that were dropped, and the first of them. */
  #skippedBytes = 0;
  #skippedRaw: Uint8Array | undefined;
  /** Bytes in front of the record's content that were dropped. */
  #droppedLead = 0;
  /** The window as text, one character a byte; made at most once per fill, and only where all bytes are ASCII. */
  #ascii: string | undefined;
  #isAsciiKnown = false;
  #refusal: Refusal | undefined;
  /** File offset and length of the content found last. */
  #contentOffset = 0;
  #contentBytes = 0;

  constructor(scanner: RecordScanner, limits: { readonly recordMaxBytes: number; readonly readBytes: number }) {
    this.#scanner = scanner;
    this.#recordMaxBytes = limits.recordMaxBytes;
    this.#readBytes = limits.readBytes;
    this.#buffer = Buffer.allocUnsafe(Math.min(INITIAL_BYTES_MAX, limits.readBytes * 2));
  }

  /** Begins anew at an offset of a file. */
  reset(scanner: RecordScanner, offset: number): void {
    this.#scanner = scanner;
    this.#base = offset;
    this.#begin = 0;
    this.#end = 0;
    this.#beginRecord(0);
    this.#isAsciiKnown = false;
  }

  /** Offset behind the record that was found last: where a restart goes on. */
  get position(): number {
    return this.#base + this.#begin - this.#skippedBytes - this.#droppedLead;
  }

  /** Offset behind the last byte that was read. */
  get readPosition(): number {
    return this.#base + this.#end;
  }

  get isClosed(): boolean {
    return this.#scanner.isClosed;
  }

  /** File offset of the content found last. */
  get contentOffset(): number {
    return this.#contentOffset;
  }

  /** Its length, however much of it was kept. */
  get contentBytes(): number {
    return this.#contentBytes;
  }

  /** What is wrong with the bytes found last, if they are no record whatever they say. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** Finds the next record in what was read. Passes over empty ones, but not on to a record that begins at `stop` or behind it. */
  next(stop: number = Number.POSITIVE_INFINITY): Found {
    for (;;) {
      const at = this.#scanner.scan(this.#buffer, this.#scanned, this.#end);
      if (at === -1) {
        this.#scanned = this.#end;
        this.#dropIfTooLong();
        return 'more';
      }
      this.#describeContent(at);
      const isNothing = this.#scanner.isNothing(this.#contentBytes);
      this.#beginRecord(at + 1);
      if (!isNothing) return 'record';
      if (this.position >= stop) return 'more';
    }
  }

  /** Nothing will follow what was read, and {@link next} has said `more`: what is left is the last record, or nothing. */
  finish(): 'record' | 'none' {
    assert(this.#scanned === this.#end, 'a window is finished when everything in it was looked at');
    const reason = this.#scanner.endOfInput(this.#skippedBytes + this.#end - this.#begin - this.#leadHeld());
    this.#describeContent(this.#end);
    if (reason !== undefined) this.#refusal ??= new Refusal(reason);
    this.#beginRecord(this.#end);
    return reason !== undefined || this.#contentBytes > 0 ? 'record' : 'none';
  }

  /** Reads once. Returns the number of bytes that came; 0 at the end of the file. */
  fill(readAt: ReadAt): number {
    this.#makeRoom();
    const room = Math.min(this.#buffer.length - this.#end, this.#readBytes);
    const count = readAt(this.#buffer, this.#end, room, this.readPosition);
    this.#end += count;
    if (count > 0) this.#isAsciiKnown = false;
    return count;
  }

  /** Content of the record found last. */
  text(): string | Refusal {
    if (!this.#isAsciiKnown) this.#readAsAscii();
    if (this.#ascii !== undefined) return this.#ascii.substring(this.#contentStart, this.#contentEnd);
    const bytes = this.#buffer.subarray(this.#contentStart, this.#contentEnd);
    return isUtf8(bytes) ? bytes.toString('utf8') : new Refusal('contains bytes that are not UTF-8');
  }

  /** A copy of the first bytes of the content found last, for its dead letter. */
  raw(): Uint8Array {
    if (this.#skippedRaw !== undefined) return this.#skippedRaw;
    const end = Math.min(this.#contentEnd, this.#contentStart + DEAD_LETTER_RAW_BYTES_MAX);
    return new Uint8Array(this.#buffer.subarray(this.#contentStart, end));
  }

  /** The first bytes, where they are a byte order mark, are passed over. False: too few bytes to say. */
  passByteOrderMark(isAtEnd: boolean): boolean {
    assert(this.#base === 0 && this.#begin === 0, 'a byte order mark is looked for at the beginning of a file');
    const mark = [0xef, 0xbb, 0xbf];
    for (let i = 0; i < mark.length; i++) {
      if (i >= this.#end) return isAtEnd;
      if (this.#buffer[i] !== mark[i]) return true;
    }
    this.#begin = mark.length;
    this.#scanned = mark.length;
    return true;
  }

  #beginRecord(at: number): void {
    this.#begin = at;
    this.#scanned = at;
    this.#skippedBytes = 0;
    this.#droppedLead = 0;
    this.#scanner.begin();
  }

  /** Bytes in front of the content that are still in the buffer. */
  #leadHeld(): number {
    return this.#scanner.lead - this.#droppedLead;
  }

  /** The record that is being looked at reaches to `at`. */
  #describeContent(at: number): void {
    const start = this.#begin + this.#leadHeld();
    this.#contentStart = start;
    this.#contentEnd = at;
    this.#contentOffset = this.#base + start - this.#skippedBytes;
    this.#contentBytes = this.#skippedBytes + at - start;
    if (this.#skippedBytes > 0) this.#keepRaw(start, at);
    else this.#skippedRaw = undefined;
    // Where the limit is exceeded the carriage return stays, because it may have been dropped already.
    const hasReturn = this.#skippedBytes === 0 && at > start && this.#buffer[at - 1] === CARRIAGE_RETURN;
    if (hasReturn && this.#contentBytes <= this.#recordMaxBytes + 1) {
      this.#contentEnd--;
      this.#contentBytes--;
    }
    this.#refusal =
      this.#contentBytes > this.#recordMaxBytes
        ? new Refusal(`is longer than the limit of ${this.#recordMaxBytes} bytes`)
        : undefined;
  }

  /** An unfinished record over the limit: keeps its first bytes, drops the others, goes on looking for its end. */
  #dropIfTooLong(): void {
    const start = this.#begin + this.#leadHeld();
    if (start === this.#end && this.#skippedBytes === 0) {
      this.#droppedLead += this.#end - this.#begin;
      this.#begin = this.#end;
      return;
    }
    if (this.#skippedBytes === 0) {
      if (this.#end - start <= this.#recordMaxBytes + 1) return;
      this.#skippedRaw = undefined;
      this.#droppedLead = this.#scanner.lead;
    }
    this.#keepRaw(start, this.#end);
    this.#skippedBytes += this.#end - start;
    this.#begin = this.#end;
  }

  #keepRaw(from: number, to: number): void {
    const kept = this.#skippedRaw ?? new Uint8Array(0);
    const added = this.#buffer.subarray(from, Math.min(to, from + DEAD_LETTER_RAW_BYTES_MAX - kept.length));
    if (added.length === 0) return;
    // Not Buffer.concat: its result may be a view of a pool that is shared with strangers.
    const raw = new Uint8Array(kept.length + added.length);
    raw.set(kept);
    raw.set(added, kept.length);
    this.#skippedRaw = raw;
  }

  /** Moves what is still needed to the front, and grows the buffer where that is most of it. */
  #makeRoom(): void {
    if (this.#begin > 0) {
      this.#buffer.copyWithin(0, this.#begin, this.#end);
      this.#base += this.#begin;
      this.#scanned -= this.#begin;
      this.#end -= this.#begin;
      this.#begin = 0;
      this.#isAsciiKnown = false;
    }
    if (this.#end * 2 <= this.#buffer.length) return;
    const size = Math.min(this.#buffer.length * 2, this.#recordMaxBytes + 2 + this.#readBytes);
    if (size <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(size);
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }

  #readAsAscii(): void {
    const bytes = this.#buffer.subarray(0, this.#end);
    this.#ascii = isAscii(bytes) ? bytes.toString('latin1') : undefined;
    this.#isAsciiKnown = true;
  }
}
