/**
 * Where the next epoch's bytes go. Pure decisions of the file sink; no I/O.
 */
import type { Epoch } from '../../model/index.ts';
import type { ExistsPolicy } from './file-sink-options.ts';
import type { FileToken, SegmentToken } from './file-sink-token.ts';

/** Position behind the last committed epoch. */
export interface TargetCursor {
  /** 0: the target is one file; otherwise the number of the part being written. */
  readonly part: number;
  /** Length of the file so far. */
  readonly end: number;
  /** Whether this job has made (or taken over) the file. */
  readonly hasFile: boolean;
  readonly replaces: string;
  readonly removesParts: boolean;
}

/** What is at the target before the first epoch of a new state directory. */
export interface ExistingTarget {
  /** Identity of the file (or of the first part); empty: there is none. */
  readonly identity: string;
  readonly bytes: number;
  readonly endsWithNewline: boolean;
  /** Highest number of a part in the folder; 0: none, or the target is one file. */
  readonly lastPart: number;
}

/** Where a new job begins, or a sentence that says why it cannot. */
export function decideStart(existing: ExistingTarget, policy: ExistsPolicy, isFolder: boolean): TargetCursor | string {
  const fresh: TargetCursor = { part: isFolder ? 1 : 0, end: 0, hasFile: false, replaces: '', removesParts: false };
  const isThere = isFolder ? existing.lastPart > 0 : existing.identity !== '';
  if (!isThere) return fresh;
  switch (policy) {
    case 'fail':
      return `already ${isFolder ? 'contains parts' : 'exists'} and this state directory is new; choose ifExists: 'append' to write behind it, ifExists: 'replace' to overwrite it, or another path`;
    case 'replace':
      return { ...fresh, replaces: existing.identity, removesParts: isFolder };
    case 'append':
      if (isFolder) return { ...fresh, part: existing.lastPart + 1 };
      if (existing.bytes > 0 && !existing.endsWithNewline) {
        return `does not end with a newline, so that the first record would continue its last line; add the newline, or choose ifExists: 'replace'`;
      }
      return { ...fresh, end: existing.bytes, hasFile: true };
  }
}

/** Fixes the place of an epoch's segments. `header` goes in front of the first bytes of each file. */
export function planToken(
  cursor: TargetCursor,
  epoch: Epoch,
  segments: readonly SegmentToken[],
  settings: { readonly path: string; readonly rotateBytes: number; readonly header: string },
): FileToken {
  const written = segments.filter((segment) => segment.bytes > 0);
  const bytes = written.reduce((sum, segment) => sum + segment.bytes, 0);
  // An empty epoch never makes a further part; the very first one makes the file, so that an empty result is a file too.
  const isTurn = cursor.hasFile && cursor.part > 0 && cursor.end >= settings.rotateBytes && bytes > 0;
  const start = isTurn ? 0 : cursor.end;
  const header = start === 0 ? settings.header : '';
  return {
    version: 1,
    epoch,
    path: settings.path,
    part: isTurn ? cursor.part + 1 : cursor.part,
    start,
    end: start + Buffer.byteLength(header) + bytes,
    isFirst: isTurn || !cursor.hasFile,
    replaces: isTurn ? '' : cursor.replaces,
    removesParts: !isTurn && cursor.removesParts,
    header,
    segments: written,
  };
}

/** The cursor behind a committed token. */
export function cursorBehind(token: FileToken): TargetCursor {
  return { part: token.part, end: token.end, hasFile: true, replaces: '', removesParts: false };
}

export function partName(part: number, format: string): string {
  return `part-${String(part).padStart(5, '0')}.${format}`;
}

/** Number of a part by its file name; 0 if it is none. */
export function partNumber(name: string, format: string): number {
  const match = /^part-(\d{5,})\.(\w+)$/.exec(name);
  return match !== null && match[2] === format ? Number(match[1]) : 0;
}
