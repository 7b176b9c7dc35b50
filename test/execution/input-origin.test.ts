import { describe, expect, it } from 'vitest';
import { deriveOrigins, relateInputs, wakeTogether } from '../../src/execution/input-origin.ts';
import { INPUT_UNSET } from '../../src/execution/merge-times.ts';
import { aggregates, defineJob, sinks, sources } from '../../src/index.ts';
import type { InputTime } from '../../src/model/index.ts';
import { compile } from '../../src/plan/index.ts';

const IDLE: InputTime = { ...INPUT_UNSET, isIdle: true };
const AWAKE: InputTime = INPUT_UNSET;
const ENDED: InputTime = { ...INPUT_UNSET, isEnded: true };

const from = (...stages: readonly number[]) => ({ sources: new Set(stages), isUniform: true });

describe('what an input is fed by', () => {
  it('is uniform behind an exchange of all with all, and not right behind a source or what goes on with its subtasks', () => {
    const job = defineJob('two', (builder) => {
      const timed = (name: string) => builder.source(name, sources.memory<string>([])).withEventTime(Number);
      timed('a')
        .merge(timed('b'), builder.source('timeless', sources.memory<string>([])))
        .keyBy((key) => key)
        .aggregate({ count: aggregates.count() })
        .to('out', sinks.memory());
    });
    const plan = compile(job.build(), { parallelism: 3, workers: 2, keyGroups: 128 });

    const origins = deriveOrigins(plan);

    const origin = (prefix: string) => origins[plan.stages.findIndex(({ name }) => name.startsWith(prefix))];
    expect(origin('a')).toEqual({ sources: new Set([0]), isUniform: false });
    expect(origin('b')).toEqual({ sources: new Set([1]), isUniform: false });
    expect(origin('timeless')).toEqual({ sources: new Set(), isUniform: false });
    expect(origin('(a+b+timeless)/keyBy')).toEqual({ sources: new Set([0, 1]), isUniform: false });
    expect(origin('(a+b+timeless)/keyBy/aggregate')).toEqual({ sources: new Set([0, 1]), isUniform: true });
  });
});

describe('channels of one uniform input', () => {
  it('are idle only together', () => {
    expect(wakeTogether([IDLE, IDLE])).toEqual([IDLE, IDLE]);
    expect(wakeTogether([IDLE, AWAKE])).toEqual([AWAKE, AWAKE]);
    expect(wakeTogether([ENDED, IDLE])).toEqual([ENDED, AWAKE]);
  });
});

describe('an idle input', () => {
  it.each([
    { title: 'wakes with one of the same source', own: from(0), other: from(0), is: AWAKE, wakes: true },
    { title: 'wakes with one that hears of fewer sources', own: from(0, 1), other: from(0), is: AWAKE, wakes: true },
    {
      title: 'stays idle beside one that hears of more sources',
      own: from(0),
      other: from(0, 1),
      is: AWAKE,
      wakes: false,
    },
    { title: 'stays idle beside one of other sources', own: from(0), other: from(1), is: AWAKE, wakes: false },
    { title: 'wakes where all its sources have ended', own: from(0), other: from(0, 1), is: ENDED, wakes: true },
    {
      title: 'stays idle where one of its sources has not ended',
      own: from(0, 1),
      other: from(0),
      is: ENDED,
      wakes: false,
    },
    { title: 'stays idle beside one of the same source that is', own: from(0), other: from(0), is: IDLE, wakes: false },
  ])('$title', ({ own, other, is, wakes }) => {
    expect(relateInputs([IDLE, is], [own, other])).toEqual([wakes ? AWAKE : IDLE, is]);
  });

  it('is no higher than an idle one that may hold back what came of the same source', () => {
    const idleAt = (time: number): InputTime => ({ time, isIdle: true, isEnded: false });
    const both = [idleAt(90), idleAt(60)];

    expect(relateInputs(both, [from(0), from(0, 1)])).toEqual([idleAt(60), idleAt(60)]);
    expect(relateInputs(both, [from(0), from(1)])).toEqual(both);
    expect(relateInputs(both, [from(0, 1), from(0)])).toEqual(both);
    expect(relateInputs([{ ...ENDED, time: 90 }, idleAt(60)], [from(0), from(0, 1)])).toEqual([
      { ...ENDED, time: 60 },
      idleAt(60),
    ]);
  });
});
