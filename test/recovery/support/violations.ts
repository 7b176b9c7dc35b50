/** Takes one sentence per violation. */
export type Complain = (sentence: string) => void;

const SHOWN_MAX = 12;

/** What went wrong in one comparison: all of it is counted, the first of it is kept. */
export class Violations {
  readonly #sentences: string[] = [];
  #count = 0;

  readonly complain: Complain = (sentence) => {
    this.#count++;
    if (this.#sentences.length < SHOWN_MAX) this.#sentences.push(sentence);
  };

  /** A {@link Complain} whose sentences say where they come from. */
  at(place: string): Complain {
    return (sentence) => this.complain(`${place}: ${sentence}`);
  }

  get count(): number {
    return this.#count;
  }

  /** Empty where nothing is wrong. */
  toString(): string {
    const more = this.#count - this.#sentences.length;
    return [...this.#sentences, ...(more > 0 ? [`and ${more} more`] : [])]
      .map((sentence) => `  - ${sentence}`)
      .join('\n');
  }
}
