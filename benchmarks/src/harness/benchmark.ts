/** What a benchmark is to the harness: a name, a question, and measurements that carry their own units. */
import type { MachineFacts } from './machine.ts';

export type Figure = number | string | boolean;

/** One line of a result. The names of figures carry their units: `p99 ms`, `records/s`. */
export interface Measurement {
  readonly of: string;
  readonly figures: Readonly<Record<string, Figure>>;
}

export interface BenchmarkResult {
  /** What all measurements have in common: keys, guarantee, epoch interval, warm-up, run length. */
  readonly conditions: Readonly<Record<string, Figure>>;
  readonly measurements: readonly Measurement[];
}

export interface Benchmark {
  readonly name: string;
  readonly question: string;
  run(context: BenchmarkContext): Promise<BenchmarkResult>;
}

export interface BenchmarkContext {
  readonly machine: MachineFacts;
  /** Multiplies run lengths: 1 for a result worth keeping, less while developing. */
  readonly scale: number;
  /** An empty directory on the disk under test; removed afterwards. */
  freshDirectory(): string;
  /** Says what is going on, on stderr. */
  progress(line: string): void;
}
