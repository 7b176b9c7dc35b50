/**
 * Sliding windows cut into panes: pieces of time that lie in each window as a whole or not at all. A record is added to one pane, whatever
 * the number of windows it belongs to.
 *
 * Windows begin and end at multiples of the slide and nowhere else when the size is a multiple of it; otherwise their ends cut each slide in
 * two (paired windows: Krishnamurthy, Wu, Franklin, SIGMOD 2006). So a slide has one pane or two, never more, also where the greatest common
 * divisor of size and slide is small. Window `k` begins at `offset + k * slide` and is made of the panes
 * `[k * panesPerSlide, k * panesPerSlide + panesPerWindow)`. Pure.
 */
export class SlideGeometry {
  readonly #size: number;
  readonly #slide: number;
  readonly #offset: number;
  /** Length of the first of two panes; 0 where there is one. */
  readonly #cut: number;
  readonly #panesPerSlide: number;
  readonly panesPerWindow: number;

  constructor(size: number, slide: number, offset: number) {
    this.#size = size;
    this.#slide = slide;
    this.#offset = offset;
    this.#cut = size % slide;
    this.#panesPerSlide = this.#cut === 0 ? 1 : 2;
    this.panesPerWindow = Math.floor(size / slide) * this.#panesPerSlide + (this.#cut === 0 ? 0 : 1);
  }

  paneAt(time: number): number {
    const local = time - this.#offset;
    const slide = Math.floor(local / this.#slide);
    if (this.#cut === 0) return slide;
    return 2 * slide + (local - slide * this.#slide >= this.#cut ? 1 : 0);
  }

  startOfPane(pane: number): number {
    const slide = Math.floor(pane / this.#panesPerSlide);
    return this.#offset + slide * this.#slide + (pane === slide * this.#panesPerSlide ? 0 : this.#cut);
  }

  startOf(window: number): number {
    return this.#offset + window * this.#slide;
  }

  endOf(window: number): number {
    return this.startOf(window) + this.#size;
  }

  firstPaneOf(window: number): number {
    return window * this.#panesPerSlide;
  }

  /** Behind the last pane of the window. */
  endPaneOf(window: number): number {
    return this.firstPaneOf(window) + this.panesPerWindow;
  }

  firstWindowWith(pane: number): number {
    return Math.ceil((pane - this.panesPerWindow + 1) / this.#panesPerSlide);
  }

  lastWindowWith(pane: number): number {
    return Math.floor(pane / this.#panesPerSlide);
  }

  /** The first window with `end > time`: the first that is not closed at a watermark. */
  firstOpenAt(time: number): number {
    return Math.floor((time - this.#offset - this.#size) / this.#slide) + 1;
  }
}
