/**
 * What an input is fed by, and which inputs cannot stay idle for that reason. Pure.
 *
 * An idle input is passed over because nobody knows whether it will ever speak again. Of an input that hears of the same sources as one that
 * is awake it is known: word is on its way, behind what its operators still hold (windows that have not closed), and that must not come late.
 */
import type { InputTime, StageIndex } from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';

export interface InputOrigin {
  /** All that it comes from, however far away. */
  readonly sources: ReadonlySet<StageIndex>;
  /** Whether all its channels hear of all these sources: not so right behind a source, whose subtasks have splits of their own. */
  readonly isUniform: boolean;
}

/** By stage: of what comes out of it. */
export function deriveOrigins({
  stages,
  exchanges,
}: Pick<PhysicalPlan, 'stages' | 'exchanges'>): readonly InputOrigin[] {
  const origins = new Map<StageIndex, InputOrigin>();
  const originOf = (index: StageIndex): InputOrigin => {
    const known = origins.get(index);
    if (known !== undefined) return known;
    const inputs = stages[index]!.inputs.map((exchange) => exchanges[exchange]!);
    const isUniform = inputs.every(({ partitioning, from }) => partitioning !== 'forward' || originOf(from).isUniform);
    const origin =
      inputs.length === 0
        ? { sources: new Set([index]), isUniform: false }
        : { sources: new Set(inputs.flatMap(({ from }) => [...originOf(from).sources])), isUniform };
    origins.set(index, origin);
    return origin;
  };
  return stages.map(({ index }) => originOf(index));
}

/** Channels of one uniform input: idle only together. */
export function wakeTogether(channels: readonly InputTime[]): readonly InputTime[] {
  return channels.some(({ isIdle }) => !isIdle) ? channels.map(awake) : channels;
}

/** Inputs of one operator: those stay awake that another one says will be. */
export function wakeRelated(inputs: readonly InputTime[], origins: readonly InputOrigin[]): readonly InputTime[] {
  if (inputs.every(({ isIdle }) => !isIdle)) return inputs;
  return inputs.map((input, at) => {
    const origin = origins[at];
    if (!input.isIdle || origin === undefined) return input;
    const isCalled = inputs.some((other, otherAt) => {
      const otherSources = origins[otherAt]?.sources;
      if (otherSources === undefined || other.isIdle) return false;
      // One source of those that are awake is enough; of those that have ended all must be.
      return other.isEnded ? isWithin(origin.sources, otherSources) : isWithin(otherSources, origin.sources);
    });
    return isCalled ? awake(input) : input;
  });
}

function awake(input: InputTime): InputTime {
  return input.isIdle ? { ...input, isIdle: false } : input;
}

function isWithin(few: ReadonlySet<StageIndex>, many: ReadonlySet<StageIndex>): boolean {
  return [...few].every((source) => many.has(source));
}
