/**
 * What the sources of one subtask refused since its last marker: dead letters wait here for their epoch.
 *
 * I8: past {@link WAITING_MAX} waiting letters the owner asks for an early epoch, so that a file of rubbish cannot fill the heap.
 */
import type { DeadLetter, NodeId } from '../model/index.ts';

const WAITING_MAX = 10_000;
const WAITING_BYTES_MAX = 32 * 1024 * 1024;

export class RefusedRecords {
  readonly #node: NodeId;
  readonly #onPressure: (reason: string) => void;
  #letters: DeadLetter[] = [];
  #bytes = 0;
  #skipped = 0;
  #lettersTotal = 0;
  #skippedTotal = 0;
  #hasAsked = false;

  constructor(node: NodeId, onPressure: (reason: string) => void) {
    this.#node = node;
    this.#onPressure = onPressure;
  }

  deadLetter(letter: Omit<DeadLetter, 'node'>): void {
    this.#letters.push({ ...letter, node: this.#node });
    this.#lettersTotal++;
    this.#bytes += letter.raw.length;
    if (this.#hasAsked || (this.#letters.length < WAITING_MAX && this.#bytes < WAITING_BYTES_MAX)) return;
    this.#hasAsked = true;
    this.#onPressure(`I8: ${this.#letters.length} dead letters of ${this.#node} wait for their epoch`);
  }

  skipped(): void {
    this.#skipped++;
    this.#skippedTotal++;
  }

  /** True while so many letters wait that the source must not be read on before its marker. */
  isFull(): boolean {
    return this.#letters.length >= 2 * WAITING_MAX || this.#bytes >= 2 * WAITING_BYTES_MAX;
  }

  take(): { readonly deadLetters: readonly DeadLetter[]; readonly skipped: number } {
    const taken = { deadLetters: this.#letters, skipped: this.#skipped };
    this.#letters = [];
    this.#bytes = 0;
    this.#skipped = 0;
    this.#hasAsked = false;
    return taken;
  }

  totals(): { readonly deadLetters: number; readonly skipped: number } {
    return { deadLetters: this.#lettersTotal, skipped: this.#skippedTotal };
  }
}
