/**
 * How one start of a job differs from the others, drawn from a seed: everything that may not change its result, and when it
 * is killed. Pure.
 */
import type { JobOptionsInput } from '../../../src/execution/options.ts';
import type { RigSettings } from '../../fixtures/recovery/rig-settings.ts';
import type { SeededChoice } from './seeded-choice.ts';

/** `embedded`: a service that says what happens. `command`: the command line. */
export type LaunchStyle = 'embedded' | 'command';

/**
 * `start`: `delay` is a share of the time that starts of late took until the job ran. `running` (it says that it runs) and
 * `epoch` (the nth of this start): `delay` is in milliseconds.
 */
export interface KillPlan {
  /** SIGTERM asks for a drain. */
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly after: 'start' | 'running' | 'epoch';
  readonly nth: number;
  readonly delay: number;
}

export interface StartPlan {
  readonly style: LaunchStyle;
  /** Where a job has several: its forms share one plan and one state. */
  readonly form: number;
  readonly settings: RigSettings;
  readonly kill: KillPlan | undefined;
}

export function planStart(random: SeededChoice, isLast: boolean): StartPlan {
  const style = random.chance(0.25) ? 'command' : 'embedded';
  return {
    style,
    form: random.between(0, 1),
    settings: {
      options: pickOptions(random),
      readBytes: random.pick([64, 1000, 16_384, 262_144]),
      spinMicros: random.pick([0, 20, 60]),
    },
    kill: isLast ? undefined : planKill(random, style),
  };
}

export function pickOptions(random: SeededChoice): JobOptionsInput {
  return {
    workers: random.between(1, 3),
    parallelism: random.between(1, 4),
    epoch: { intervalMs: random.pick([0, 1, 2, 5, 10, 20, 50]), records: random.pick([0, 0, 23, 300]) },
    state: {
      cacheBytes: random.pick([65_536, 262_144, 16_777_216]),
      dirtyBytesMax: random.pick([65_536, 16_777_216]),
      retainEpochs: random.pick([2, 2, 3, 5]),
      foldEveryEpochs: random.pick([1, 2, 8]),
      unfoldedBytesMax: random.pick([1, 65_536, 16_777_216]),
    },
    channel: {
      ringBytes: random.pick([4096, 8192, 65_536]),
      frameRecords: random.pick([1, 2, 7, 64, 512]),
      localRecords: random.pick([2, 16, 1024]),
    },
    // A drain is as slow as the machine is busy; giving it up would be right, but is not what is tested.
    drainTimeoutMs: 60_000,
    loop: { stepRecords: random.pick([1, 3, 16, 64, 256]), encodeSliceMs: random.pick([0.01, 0.1, 0.5]) },
  };
}

/** Start-up, running and the end all have their share. */
function planKill(random: SeededChoice, style: LaunchStyle): KillPlan {
  const signal = random.chance(0.12) ? 'SIGTERM' : 'SIGKILL';
  const share = random.next();
  if (style === 'command' || share < 0.25) return { signal, after: 'start', nth: 1, delay: 0.1 + random.next() * 1.9 };
  if (share < 0.5) return { signal, after: 'running', nth: 1, delay: random.next() * 60 };
  return { signal, after: 'epoch', nth: random.pick([1, 1, 2, 2, 3, 5, 8]), delay: random.next() * 12 };
}
