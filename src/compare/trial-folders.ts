/** Where trials work: a folder for each, with its state and its outputs, inside the folder of the comparison. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobReference, Rehearsal } from '../config/index.ts';
import type { JobOptionsInput } from '../execution/options.ts';
import type { TrialRequest } from './trial.ts';
import type { Variant } from './variant.ts';

/** How sources are offered. */
export type Pace = Omit<Rehearsal, 'outputDirectory'>;

export interface TrialFoldersOptions {
  /** Of the comparison. */
  readonly directory: string;
  /** Whether what `remove` is called for stays. */
  readonly isKept: boolean;
  readonly reference: JobReference;
  /** Of the command line; a variant's own win over them. */
  readonly overrides: JobOptionsInput;
}

export class TrialFolders {
  readonly #options: TrialFoldersOptions;

  constructor(options: TrialFoldersOptions) {
    this.#options = options;
  }

  /** Without warm-up, and without a look at when records became visible. `trial`: one word, unique in the variant. */
  request(variant: Variant, trial: string, pace: Pace): TrialRequest {
    const { overrides, reference } = this.#options;
    const rehearsal: Rehearsal = { ...pace, outputDirectory: this.outputOf(variant, trial) };
    return {
      reference: { ...reference, rehearsal },
      options: { ...overrides, ...variant.options },
      stateDirectory: join(this.#folderOf(variant, trial), 'state'),
      warmUpMs: 0,
      timedSinks: [],
    };
  }

  outputOf(variant: Variant, trial: string): string {
    return join(this.#folderOf(variant, trial), 'output');
  }

  /** Of a trial with which nothing will be compared any more. */
  async remove(variant: Variant, trial: string): Promise<void> {
    if (!this.#options.isKept) await rm(this.#folderOf(variant, trial), { recursive: true, force: true });
  }

  /** Of a trial that may be run under the same name again. */
  async clear(variant: Variant, trial: string): Promise<void> {
    await rm(this.#folderOf(variant, trial), { recursive: true, force: true });
  }

  #folderOf(variant: Variant, trial: string): string {
    return join(this.#options.directory, variant.id, trial);
  }
}
