/** A job file is changed between two runs on one state directory. */
import { describe, expect, it } from 'vitest';
import { loadJobFile } from '../../src/config/index.ts';
import type { EngineMode } from '../../src/index.ts';
import { simulateJob } from '../../src/testing/index.ts';

const JOB = {
  name: 'visits',
  sources: { visits: { type: 'generator', records: 200, rate: 5000, fields: { page: 'index % 7', ms: 'index' } } },
  transforms: {
    slow: { type: 'filter', inputs: ['visits'], where: 'record.ms >= 20' },
    pages: {
      type: 'aggregate',
      inputs: ['slow'],
      key: 'record.page',
      values: { n: 'count()', worst: 'max(record.ms)' },
    },
    routes: { type: 'split', inputs: ['visits'], routes: { first: 'record.page == 0' } },
  },
  sinks: {
    latest: { type: 'table', inputs: ['pages'], key: 'record.key' },
    first: { type: 'discard', inputs: ['routes.first'] },
    others: { type: 'discard', inputs: ['routes.rest'] },
    kept: { type: 'discard', inputs: ['slow'] },
  },
};

type Job = typeof JOB;

const definitionOf = async (job: object) =>
  (await loadJobFile({ path: '/jobs/visits.json', text: JSON.stringify(job) })).definition;

/** Runs the job in `first` until it stops half way, then `changed` on its state in `second`. */
async function runChanged(changed: object, first: EngineMode, second: EngineMode): Promise<readonly string[]> {
  const { disk, status: before } = await simulateJob(await definitionOf(JOB), {
    seed: 1,
    options: { mode: first, batch: { recordsMax: 50 } },
    until: { kind: 'records', records: 50 },
  });
  expect(before.recordsRead).toBeLessThan(200);
  const { status, outcome } = await simulateJob(await definitionOf(changed), {
    seed: 2,
    options: { mode: second },
    disk,
  });
  expect(outcome).toEqual({ kind: 'completed', stop: 'complete' });
  expect(status.recordsRead).toBe(200);
  return status.allowedChanges;
}

const withTransforms = (transforms: object): object => ({ ...JOB, transforms: { ...JOB.transforms, ...transforms } });
const withSinks = (sinks: object): object => ({ ...JOB, sinks: { ...JOB.sinks, ...sinks } });
const { slow, pages } = JOB.transforms satisfies Job['transforms'];

describe.each<[EngineMode, EngineMode]>([
  ['continuous', 'continuous'],
  ['microbatch', 'microbatch'],
  ['continuous', 'microbatch'],
  ['microbatch', 'continuous'],
])('a job file that changes between a run in %s mode and one in %s mode', (first, second) => {
  it('goes on without a word when nothing changed but options', async () => {
    expect(await runChanged({ ...JOB, parallelism: 3, workers: 3 }, first, second)).toEqual([]);
  });

  it.each([
    [
      'the condition of a filter',
      withTransforms({ slow: { ...slow, where: 'record.ms >= 30' } }),
      ['slow: where was "record.ms >= 20", is now "record.ms >= 30"'],
    ],
    [
      'a filter before a keyed aggregate',
      withTransforms({
        known: { type: 'filter', inputs: ['slow'], where: 'record.page != null' },
        pages: { ...pages, inputs: ['known'] },
      }),
      [
        'slow/keyBy: the keyBy is gone',
        'pages: reads known/keyBy (hash), before slow/keyBy (hash)',
        'known: the filter is new',
        'known/keyBy: the keyBy is new',
      ],
    ],
    [
      'fields of a generator',
      { ...JOB, sources: { visits: { ...JOB.sources.visits, fields: { page: 'index % 7', ms: 'index + 1' } } } },
      ['visits: fields.ms was "index", is now "index + 1"'],
    ],
    [
      'a new sink',
      withSinks({ more: { type: 'discard', inputs: ['slow'] } }),
      ['more: the sink is new and begins empty'],
    ],
  ])('goes on and says so: %s', async (_case, changed, notes) => {
    expect(await runChanged(changed, first, second)).toEqual(notes);
  });

  it.each([
    [
      'the key of an aggregate',
      withTransforms({ pages: { ...pages, key: "record.page + 'x'" } }),
      `pages: key was "record.page", is now "record.page + 'x'"`,
    ],
    [
      'what an aggregate adds up',
      withTransforms({ pages: { ...pages, values: { n: 'count()', worst: 'max(-record.ms)' } } }),
      'pages: values.worst was "max(record.ms)", is now "max(-record.ms)"',
    ],
    [
      'the key of a table',
      withSinks({ latest: { ...JOB.sinks.latest, key: 'record.worst' } }),
      'latest: key was "record.key", is now "record.worst"',
    ],
    [
      'the input of an aggregate',
      withTransforms({ pages: { ...pages, inputs: ['routes.first'] } }),
      'pages: is no longer fed by slow; pages: is now fed by routes.first',
    ],
    [
      'two sinks that change places',
      withSinks({
        first: { type: 'discard', inputs: ['routes.rest'] },
        others: { type: 'discard', inputs: ['routes.first'] },
      }),
      'first: is no longer fed by routes.first; first: is now fed by routes.rest; others: is no longer fed by routes.rest; others: is now fed by routes.first',
    ],
  ])('is refused by name: %s', async (_case, changed, message) => {
    const failure = await runChanged(changed, first, second).catch((thrown: unknown) => (thrown as Error).cause);

    expect(failure).toMatchObject({ name: 'IncompatiblePlanError', message: expect.stringContaining(message) });
  });
});
