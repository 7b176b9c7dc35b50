import { describe, expect, it } from 'vitest';
import { asyncMapBlueprint } from '../../../src/operators/async-map/async-map-blueprint.ts';
import type { AsyncMapOptions } from '../../../src/operators/async-map/async-map-definition.ts';
import { backoffBehind, resolveAsyncMap } from '../../../src/operators/async-map/async-map-settings.ts';

const fn = async (value: number): Promise<number> => value;

describe('the blueprint of an asyncMap', () => {
  it('has the output for failed calls where they go there, and nothing that a restart compares but its states', () => {
    expect(asyncMapBlueprint(fn)).toMatchObject({
      kind: 'asyncMap',
      label: 'ordered, 100 at a time',
      outputs: ['main'],
      identity: {},
      problems: [],
      state: 'own',
      isAsynchronous: true,
    });
    expect(asyncMapBlueprint(fn, { onFailure: 'side', order: 'unordered', concurrency: 7 })).toMatchObject({
      label: 'unordered, 7 at a time',
      outputs: ['main', 'failed'],
    });
  });

  it('names every option that is wrong', () => {
    const options = {
      concurrency: 0,
      order: 'random',
      timeoutMs: Number.POSITIVE_INFINITY,
      attempts: 1.5,
      backoffMs: -1,
      onFailure: 'skip',
      timeoutms: 3,
      colour: 'red',
    } as unknown as AsyncMapOptions;

    expect(asyncMapBlueprint(7 as never, options).problems).toEqual([
      'asyncMap needs a function, not number',
      "'timeoutms' is no option of asyncMap; did you mean 'timeoutMs'?",
      "'colour' is no option of asyncMap; there are concurrency, order, timeoutMs, attempts, backoffMs, backoffMaxMs, onFailure",
      'backoffMs must be milliseconds from 0 to 2147483647, not -1',
      'concurrency must be a whole number from 1 to 100000, not 0',
      "order must be 'ordered' or 'unordered', not \"random\"",
      'timeoutMs must be milliseconds from 1 to 2147483647, not Infinity',
      'attempts must be a whole number from 1 to 1000, not 1.5',
      "onFailure must be 'fail' or 'side', not \"skip\"",
    ]);
    expect(asyncMapBlueprint(fn, { backoffMs: 500, backoffMaxMs: 100 }).problems).toEqual([
      'backoffMaxMs (100) must not be below backoffMs (500)',
    ]);
  });

  it('pauses by default for 100 ms, twice that, and so on up to 10 s; a longer first pause is its own bound', () => {
    const { settings } = resolveAsyncMap({});

    expect([1, 2, 3, 7, 8, 100].map((attempt) => backoffBehind(attempt, settings))).toEqual([
      100, 200, 400, 6400, 10_000, 10_000,
    ]);
    expect(backoffBehind(3, resolveAsyncMap({ backoffMs: 60_000 }).settings)).toBe(60_000);
    expect(backoffBehind(1_000, resolveAsyncMap({ backoffMs: 0 }).settings)).toBe(0);
  });
});
