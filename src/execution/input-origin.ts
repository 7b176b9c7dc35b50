/**
 * What an input is fed by, and what follows from it when inputs are merged. Pure.
 *
 * An idle input is passed over because nobody knows whether it will ever speak again. Of an input that hears of the same sources as one that
 * is awake it is known: word is on its way, behind what its operators still hold (windows that have not closed), and that must not come late.
 * Nor may one of them run ahead while all are idle.
 */
import type { InputTime, StageIndex, WatermarkPolicy } from '../model/index.ts';
import type { PhysicalPlan, Stage } from '../plan/physical-plan.ts';
import { mergeTimes } from './merge-times.ts';

export interface InputOrigin {
  /** All with event time that it comes from, however far away: others never say where time stands. */
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
        ? { sources: new Set(hasEventTime(stages[index]!) ? [index] : []), isUniform: false }
        : { sources: new Set(inputs.flatMap(({ from }) => [...originOf(from).sources])), isUniform };
    origins.set(index, origin);
    return origin;
  };
  return stages.map(({ index }) => originOf(index));
}

/** Over the inputs of an operator, each with its channels. Where nothing is known of origins each input stands by itself. */
export function mergeInputs(
  inputs: readonly (readonly InputTime[])[],
  origins: readonly InputOrigin[],
  policy: WatermarkPolicy,
): InputTime {
  const merged = inputs.map((channels, at) =>
    mergeTimes(origins[at]?.isUniform === true ? wakeTogether(channels) : channels, 'min'),
  );
  return mergeTimes(relateInputs(merged, origins), policy);
}

/** Channels of one uniform input: idle only together. */
export function wakeTogether(channels: readonly InputTime[]): readonly InputTime[] {
  return channels.some(({ isIdle }) => !isIdle) ? channels.map(awake) : channels;
}

/**
 * Inputs of one operator. An idle one stays awake that another one says will be. And while all are idle the highest counts: so one that hears of
 * fewer sources than another is no higher than that, which may hold back what came of them.
 */
export function relateInputs(inputs: readonly InputTime[], origins: readonly InputOrigin[]): readonly InputTime[] {
  if (inputs.every(({ isIdle }) => !isIdle)) return inputs;
  return inputs.map((input, at) => {
    const own = origins[at]?.sources;
    if (own === undefined) return input;
    let related = input;
    for (const [otherAt, other] of inputs.entries()) {
      const others = origins[otherAt]?.sources;
      if (others === undefined || others.size === 0 || otherAt === at) continue;
      if (input.isIdle && !other.isIdle) {
        // One source of those that are awake is enough; of those that have ended all must be.
        const isCalled = other.isEnded ? isWithin(own, others) : isWithin(others, own);
        if (isCalled) related = awake(related);
      } else if (other.isIdle && other.time < related.time && isWithin(own, others)) {
        related = { ...related, time: other.time };
      }
    }
    return related;
  });
}

function hasEventTime({ chain }: Stage): boolean {
  const head = chain[0]!.node;
  return head.role === 'source' && head.eventTime !== undefined;
}

function awake(input: InputTime): InputTime {
  return input.isIdle ? { ...input, isIdle: false } : input;
}

function isWithin(few: ReadonlySet<StageIndex>, many: ReadonlySet<StageIndex>): boolean {
  return [...few].every((source) => many.has(source));
}
