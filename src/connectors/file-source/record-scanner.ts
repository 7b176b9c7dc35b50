/**
 * Finds where records end in bytes that arrive in pieces. Knows nothing of files, windows or values, and keeps only what it
 * must remember between two pieces: each byte is looked at once, and a record may be longer than memory.
 */
export interface RecordScanner {
  /** The next byte is the first of a record. */
  begin(): void;
  /** Consumes `bytes[from, to)` up to the byte that ends the record and returns its index; -1 if that is not among them. */
  scan(bytes: Uint8Array, from: number, to: number): number;
  /** Bytes of this record, so far, that are in front of its content. */
  readonly lead: number;
  /** Whether this record, which has ended with that much content, is none at all (an empty line). */
  isNothing(contentBytes: number): boolean;
  /** The input has ended inside this record (perhaps before its content). What is wrong with that, if anything. */
  endOfInput(contentBytes: number): string | undefined;
  /** Whether what may follow is no record any more. Part of the offset. */
  readonly isClosed: boolean;
}
