/**
 * How long records took until a reader could see them: counted in the writers by when they were due, and timed when their epoch
 * is visible. Written beside the output of a rehearsal, a line per epoch, for whoever started it.
 *
 * Due times are counted in whole milliseconds, so a writer holds at most as many numbers as an epoch has milliseconds.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import type { MonotonicMs, StreamRecord } from '../model/index.ts';

/** Pairs of (when due, in whole ms; how many records), flat. */
export type DueCounts = readonly number[];

/** The records of one epoch, and when they could be seen. */
export interface Visibility {
  readonly visibleAt: MonotonicMs;
  readonly due: DueCounts;
}

/** Counts what one writer wrote since the last take. */
export class DueCounter {
  #counts = new Map<number, number>();

  add({ ingestTime }: StreamRecord): void {
    const due = Math.floor(ingestTime);
    this.#counts.set(due, (this.#counts.get(due) ?? 0) + 1);
  }

  take(): DueCounts {
    const counts = [...this.#counts].flat();
    this.#counts.clear();
    return counts;
  }
}

export function visibilityPath(outputPath: string): string {
  return `${outputPath}.visibility`;
}

export function appendVisibility(outputPath: string, visibility: Visibility): void {
  appendFileSync(visibilityPath(outputPath), `${JSON.stringify(visibility)}\n`);
}

/** Of all epochs of a run that was not killed: a log that was cut short does not parse. Empty where nothing was committed. */
export function readVisibility(outputPath: string): readonly Visibility[] {
  let text: string;
  try {
    text = readFileSync(visibilityPath(outputPath), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Visibility);
}
