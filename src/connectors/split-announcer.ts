/**
 * Tells an engine which split is being read: each when something of it is emitted, not again while nothing else is, and once when it
 * has ended, and of those that have nothing now. One per reader: it knows what was said in the calls of `poll` before.
 */
import type { SourceEmitter, SplitId } from '../model/index.ts';

export class SplitAnnouncer {
  readonly #ended = new Set<SplitId>();
  #out: SourceEmitter | undefined;
  #entered: SplitId | undefined;

  /** A poll begins; its emitter may be another than that of the last one. */
  begin(out: SourceEmitter): void {
    this.#out = out;
    this.#entered = undefined;
  }

  /** Called before a record of that split is emitted, as often as may be. */
  enter(split: SplitId): void {
    if (split === this.#entered) return;
    this.#entered = split;
    this.#out!.enterSplit(split);
  }

  /** Nothing of that split is there now. Called as often as may be. */
  caughtUp(split: SplitId): void {
    this.#out!.caughtUpSplit(split);
  }

  /** Nothing will ever come of that split again. Called as often as may be. */
  end(split: SplitId): void {
    if (this.#ended.has(split)) return;
    this.#ended.add(split);
    this.#out!.endSplit(split);
  }
}
