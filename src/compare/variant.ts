/** The ways of running a job that are compared: the mode and what starts its batches. Pure. */
import type { JobOptionsInput } from '../execution/options.ts';

export interface Variant {
  /** Names a folder and a key of the JSON output: stable, letters, digits and hyphens. */
  readonly id: string;
  readonly mode: 'continuous' | 'microbatch';
  /** What starts a batch, in words; empty for continuous mode, which has none. */
  readonly trigger: string;
  /** Win over what the job says of itself. */
  readonly options: JobOptionsInput;
}

/** The first is the one that all others are compared with. `intervalsMs`: whole milliseconds, each once. */
export function variantsOf(intervalsMs: readonly number[]): readonly Variant[] {
  return [
    { id: 'continuous', mode: 'continuous', trigger: '', options: { mode: 'continuous' } },
    {
      id: 'microbatch-asap',
      mode: 'microbatch',
      trigger: 'as soon as possible',
      options: { mode: 'microbatch', batch: { trigger: 'as-soon-as-possible' } },
    },
    ...intervalsMs.map(
      (intervalMs): Variant => ({
        id: `microbatch-${intervalMs}ms`,
        mode: 'microbatch',
        trigger: `every ${intervalMs} ms`,
        options: { mode: 'microbatch', batch: { trigger: 'interval', intervalMs } },
      }),
    ),
  ];
}

/** For people: `microbatch every 100 ms`. */
export function nameOf({ mode, trigger }: Pick<Variant, 'mode' | 'trigger'>): string {
  return trigger === '' ? mode : `${mode} ${trigger}`;
}
