import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Terminal } from '../../src/cli/runner.ts';
import { stateCommand } from '../../src/cli/state-command.ts';
import type { CheckpointTime } from '../../src/model/index.ts';
import { createKeyedState, openStateDirectory, openStateReader, type StateDirectory } from '../../src/storage/index.ts';
import { ALL_GROUPS, batch, JOB, KEY_GROUPS, manifest, SteppingClock, sealed } from '../storage/support.ts';

let parent = '';
let path = '';
let directory: StateDirectory;
let generation = 0;
let out = '';
let err = '';

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  path = join(parent, 'state');
  directory = openStateDirectory({ path, job: JOB, keyGroups: KEY_GROUPS, clock: new SteppingClock() });
  generation = directory.store.beginGeneration();
  out = '';
  err = '';
});
afterEach(() => {
  directory.close();
  rmSync(parent, { recursive: true, force: true });
});

function run(words: readonly string[], isJson = false): number {
  out = '';
  err = '';
  const terminal: Terminal = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    isInteractive: false,
    columns: () => 80,
  };
  return stateCommand(path, words, isJson, terminal);
}

describe('millrace state, of a batch that is planned and not committed', () => {
  it('shows it before anything is committed: its epoch, when, and per source how much', () => {
    directory.store.plan(batch(1, { ranges: { lines: { a: { until: 10 }, b: { recordsMax: 5 }, c: {} } } }));

    expect(run(['show'])).toBe(0);

    expect(out).toBe(
      [
        'epoch 1  planned 1970-01-01T00:00:02.001Z  not committed',
        '  lines  3 splits, bounded by offsets',
        '  lines  a  until 10',
        '  lines  b  to its end, at most 5',
        '  lines  c  to its end',
        '',
      ].join('\n'),
    );
  });

  it('adds up a source whose splits all say how many', () => {
    const splits = { a: { until: 9, recordsMax: 1_500 }, b: { recordsMax: 500 } };
    directory.store.plan(batch(1, { ranges: { lines: splits, rates: {} }, isLast: true }));

    run(['show']);

    expect(out).toContain('not committed  last\n');
    expect(out).toContain('  lines  2 splits, at most 2,000 records\n');
    expect(out).toContain('  rates  0 splits, at most 0 records\n');
  });

  it('shows it behind the latest epoch, and alone when its own number is asked for', () => {
    directory.store.commit(sealed(1, generation, []));
    directory.store.plan(batch(2));

    run(['show']);
    const both = out;
    run(['show', '2']);
    const alone = out;
    run(['show', '1']);

    expect(both).toBe(out + alone);
    expect(alone).toMatch(/^epoch 2 {2}planned /);
    expect(out).not.toContain('planned');
  });

  it('lists it behind the retained epochs', () => {
    directory.store.commit(sealed(1, generation, []));
    directory.store.plan(batch(2));

    run(['list']);

    expect(out.trimEnd().split('\n').at(-1)).toBe('epoch 2  planned 1970-01-01T00:00:02.002Z  not committed');
  });

  it('gives it to programs beside the epoch', () => {
    directory.store.plan(batch(1));

    run(['show'], true);
    const first = JSON.parse(out) as unknown;
    directory.store.commit(sealed(1, generation, []));
    directory.store.plan(batch(2));
    run(['show'], true);

    expect(first).toEqual({ planned: batch(1) });
    expect(JSON.parse(out)).toMatchObject({ manifest: { epoch: 1 }, planned: batch(2) });
  });

  it('counts it in a verification', () => {
    directory.store.plan(batch(1));

    expect(run(['verify'])).toBe(0);

    expect(out).toBe(
      'checked 0 manifests, 1 planned batch, 0 deltas, 0 entries, 0 table rows, 0 dead letters: all intact\n',
    );
  });

  it('is silent about it once its epoch is committed', () => {
    directory.store.plan(batch(1));
    directory.store.commit(sealed(1, generation, []));

    for (const words of [['show'], ['list'], ['verify']]) {
      expect(run(words)).toBe(0);
      expect(out).not.toContain('planned');
    }
  });

  it('says what is not retained when neither an epoch nor a plan has that number', () => {
    directory.store.commit(sealed(1, generation, []));
    directory.store.plan(batch(2));

    expect(run(['show', '3'])).toBe(1);

    expect(err).toBe('epoch 3 is not retained; 1 is\n');
  });
});

describe('millrace state, of a job that knows time', () => {
  /** A value that expires, and timers of two keys. */
  function commitTimers(): void {
    const reader = openStateReader(directory.dataPath);
    const state = createKeyedState({
      reader,
      node: 'count',
      subtask: 0,
      groups: ALL_GROUPS,
      keyGroups: KEY_GROUPS,
      epoch: 0,
      cacheBytes: 1_000_000,
      clock: new SteppingClock(),
    });
    state.setCurrentKey('ATL');
    state.value('total', { ttlMs: 100 }).set(3);
    state.timers('event').add(2_000, 'close');
    state.timers('event').add(1_000, 'early');
    state.timers('event').add(Number.POSITIVE_INFINITY, 'end');
    state.freeze(1);
    while (!state.encodeFrozen(1));
    const time: CheckpointTime = {
      policy: 'min',
      splits: { lines: { a: 1_500, b: Number.NEGATIVE_INFINITY } },
      stages: { count: 900, other: Number.NEGATIVE_INFINITY },
      nextEventTimer: 1_000,
      nextProcessingTimer: Number.POSITIVE_INFINITY,
      late: { count: 7 },
      untimed: { lines: { a: 3 } },
    };
    directory.store.commit({
      ...sealed(1, generation, [state.takeDelta()!]),
      manifest: manifest(1, generation, { time }),
    });
    reader.close();
  }

  it('exports timers with time, key and tag, and values with the time they expire at', () => {
    commitTimers();

    expect(run(['export'])).toBe(0);

    expect(out.trimEnd().split('\n').sort()).toEqual([
      '{"node":"count","state":"timers:event","kind":"timers","at":"Infinity","key":"ATL","tag":"end"}',
      '{"node":"count","state":"timers:event","kind":"timers","at":1000,"key":"ATL","tag":"early"}',
      '{"node":"count","state":"timers:event","kind":"timers","at":2000,"key":"ATL","tag":"close"}',
      '{"node":"count","state":"total","kind":"value","key":"ATL","value":3,"expiresAt":100}',
    ]);
  });

  it('gets the timers of one key in their order', () => {
    commitTimers();

    expect(run(['get', 'count', 'timers:event', 'ATL'])).toBe(0);
    expect(out).toBe('[[1000,"early"],[2000,"close"],["Infinity","end"]]\n');
    expect(run(['get', 'count', 'timers:event', 'JFK'])).toBe(1);
  });

  it('shows where it stands in time, without what is not known', () => {
    commitTimers();

    run(['show']);

    expect(out).toContain(
      [
        'time (min)',
        '  watermark of count  1970-01-01T00:00:00.900Z (900)',
        '  latest of lines  a  1970-01-01T00:00:01.500Z (1500)',
        '  next event-time timer  1970-01-01T00:00:01.000Z (1000)',
        '  late at count  7 records',
        '  no event time in lines  a  3 records',
        'nodes',
      ].join('\n'),
    );
  });
});
