/**
 * How one start of a job differs from the others, drawn from a seed: everything that may not change its result, and when it
 * is killed. Pure.
 */
import type { JobOptionsInput } from '../../../src/execution/options.ts';
import type { FaultSettings, RigSettings } from '../../fixtures/recovery/rig-settings.ts';
import type { SeededChoice } from './seeded-choice.ts';

/** `embedded`: a service that says what happens. `command`: the command line. */
export type LaunchStyle = 'embedded' | 'command';

/**
 * How the processes of one life go about modes. `mixed`: each process in one of its own, as it comes. `switching`: live, again and
 * again.
 */
export type RigMode = 'continuous' | 'microbatch' | 'mixed' | 'switching';
export const RIG_MODES: readonly RigMode[] = ['continuous', 'microbatch', 'mixed', 'switching'];

/**
 * `start`: `delay` is a share of the time that starts of late took until the job ran. `running` (it says that it runs) and
 * `epoch` (the nth of this start), `switching` (the nth time a change of mode is asked for): `delay` is in milliseconds.
 */
export interface KillPlan {
  /** SIGTERM asks for a drain. */
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly after: 'start' | 'running' | 'epoch' | 'switching';
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

export function planStart(random: SeededChoice, isLast: boolean, modes: RigMode): StartPlan {
  // The command line never changes the mode of a job that runs.
  const style = random.chance(modes === 'switching' ? 0.05 : 0.25) ? 'command' : 'embedded';
  const options = pickOptions(random, modes);
  return {
    style,
    form: random.between(0, 1),
    settings: {
      options,
      readBytes: random.pick([64, 1000, 16_384, 262_144]),
      // A change of mode takes its time: the job has to be there when it comes.
      spinMicros: random.pick(modes === 'switching' ? [200, 500, 1000] : [0, 20, 60]),
      ...(options.mode === 'microbatch' ? { faults: pickFaults(random) } : {}),
      ...(modes === 'switching' ? { switchEveryEpochs: random.pick([1, 1, 2, 4]) } : {}),
    },
    kill: isLast ? undefined : planKill(random, style, modes),
  };
}

export function pickOptions(random: SeededChoice, modes: RigMode): JobOptionsInput {
  return {
    mode: pickMode(random, modes),
    batch: pickBatch(random),
    // As soon as may be: so that both engines have their share of a short job.
    adaptive: { backlogMs: 0, caughtUpMs: 0, dwellMs: random.pick([0, 10, 100]) },
    // Ends the hanging ones among the faults. Much less, and a busy machine hangs, too.
    operatorTimeoutMs: 2000,
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
    watermark: { advance: random.pick(['record', 'record', 'epoch']), intervalMs: random.pick([0, 0, 1, 20]) },
  };
}

function pickMode(random: SeededChoice, modes: RigMode): NonNullable<JobOptionsInput['mode']> {
  if (modes === 'mixed') return random.pick(['continuous', 'microbatch', 'adaptive']);
  if (modes === 'switching') return random.pick(['continuous', 'microbatch']);
  return modes;
}

function pickBatch(random: SeededChoice): JobOptionsInput['batch'] {
  const intervalMs = random.pick([0, 0, 0, 2, 20]);
  const minWorkers = random.between(1, 2);
  return {
    intervalMs,
    recordsMax: random.pick([100, 300, 2000, 500_000]),
    bytesMax: random.pick([20_000, 200_000, 67_108_864, 67_108_864]),
    // All faults of a life may meet one task.
    attemptsMax: 8,
    speculation: random.pick(['on', 'off']),
    // On a busy machine a batch of one record overruns its interval: without a floor that is what the controller comes down to.
    rateControl: intervalMs > 0 ? random.pick(['off', 'pid']) : 'off',
    minRate: 20_000,
    minWorkers,
    maxWorkers: minWorkers + random.between(0, 1),
  };
}

/** Each once in a life. A job without this kind of user code has none of them. */
function pickFaults(random: SeededChoice): readonly FaultSettings[] {
  const kinds = ['throw', 'exit', 'throw-null', 'exit', 'loop'] as const;
  return kinds.flatMap((kind, i) => {
    const postingsBefore = random.between(1, 600);
    return random.chance(kind === 'loop' ? 0.1 : 0.4) ? [{ kind, postingsBefore, marker: `fault-${i}` }] : [];
  });
}

/** Start-up, running, the end and, where the mode changes, each step of that have their share. */
function planKill(random: SeededChoice, style: LaunchStyle, modes: RigMode): KillPlan {
  const signal = random.chance(0.12) ? 'SIGTERM' : 'SIGKILL';
  const share = random.next();
  if (style === 'command' || share < 0.25) return { signal, after: 'start', nth: 1, delay: 0.1 + random.next() * 1.9 };
  if (modes === 'switching' && share < 0.7)
    return { signal, after: 'switching', nth: random.pick([1, 1, 1, 2, 2, 3, 4]), delay: random.next() * 250 };
  if (share < 0.5) return { signal, after: 'running', nth: 1, delay: random.next() * 60 };
  return { signal, after: 'epoch', nth: random.pick([1, 1, 2, 2, 3, 5, 8]), delay: random.next() * 12 };
}
