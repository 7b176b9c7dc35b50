import type { SourceFile } from './source-file.ts';

/** What a finder needs of a file. */
export type GrowingFile = Pick<SourceFile, 'bytes' | 'readLater'>;

/**
 * Finds where the last complete record of a followed file ends, for a survey. One for each file: remembers what it has looked at, so
 * that a file that grows is looked at once, however often it is surveyed.
 */
export interface RecordEndFinder {
  /** `from`: an offset at which a record begins. Returns one behind a complete record; `from` itself where none is complete. */
  find(file: GrowingFile, from: number): Promise<number>;
  /** Up to where it has looked: behind it there may be complete records yet. */
  readonly lookedAt: number;
}
