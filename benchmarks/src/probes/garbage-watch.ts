/** Garbage collections of the thread it lives in. */
import { PerformanceObserver } from 'node:perf_hooks';

export interface GarbageSummary {
  readonly collections: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

export class GarbageWatch {
  #observer: PerformanceObserver | undefined;
  #collections = 0;
  #totalMs = 0;
  #maxMs = 0;

  begin(): void {
    this.#observer = new PerformanceObserver((list) => this.#add(list.getEntries()));
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  end(): GarbageSummary {
    this.#add(this.#observer?.takeRecords() ?? []);
    this.#observer?.disconnect();
    return { collections: this.#collections, totalMs: this.#totalMs, maxMs: this.#maxMs };
  }

  #add(entries: readonly { readonly duration: number }[]): void {
    for (const { duration } of entries) {
      this.#collections++;
      this.#totalMs += duration;
      this.#maxMs = Math.max(this.#maxMs, duration);
    }
  }
}
