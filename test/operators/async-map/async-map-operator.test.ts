import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyGroupOf, OperatorError, StreamRecord, ValueError } from '../../../src/model/index.ts';
import type { AsyncCall } from '../../../src/operators/index.ts';
import { recordOf, recordsOf } from '../records.ts';
import { AsyncRig, KEY_GROUPS, OWN_KEYS, type Stored, settled } from './async-map-fixture.ts';

describe('results of an asyncMap', () => {
  it('go out in the order of the records: what has settled early waits', async () => {
    const rig = new AsyncRig();
    rig.process(...recordsOf('a', 'b', 'c'));

    rig.service.of('c').answer('C');
    rig.service.of('b').answer('B');
    expect(await rig.giveOut()).toEqual([]);
    expect(rig.operator.hasSettled()).toBe(false);
    rig.service.of('a').answer('A');

    expect(await rig.giveOut()).toEqual(['A', 'B', 'C']);
    expect(rig.operator.pending()).toBe(0);
  });

  it('go out as they come where no order is asked for', async () => {
    const rig = new AsyncRig({ options: { order: 'unordered' } });
    rig.process(...recordsOf('a', 'b', 'c'));

    rig.service.of('c').answer('C');
    expect(await rig.giveOut()).toEqual(['C']);
    rig.service.of('b').answer('B');
    rig.service.of('a').answer('A');

    expect(await rig.giveOut()).toEqual(['B', 'A']);
  });

  it('carry the key and the times of their records', async () => {
    const rig = new AsyncRig();
    rig.process(new StreamRecord(1, 'k', 42, 5), new StreamRecord(2, undefined, Number.NaN, 6));

    rig.service.of(1).answer('one');
    rig.service.of(2).answer(undefined);
    await rig.giveOut();

    expect(rig.records).toEqual([
      new StreamRecord('one', 'k', 42, 5),
      new StreamRecord(undefined, undefined, Number.NaN, 6),
    ]);
  });

  it('wake the engine when they come outside of any call', async () => {
    const rig = new AsyncRig();
    rig.process(recordOf('a'));
    expect(rig.woken).toBe(0);

    rig.service.of('a').answer('A');
    await settled();

    expect(rig.woken).toBe(1);
    expect(rig.operator.hasSettled()).toBe(true);
  });
});

describe('a watermark in front of an asyncMap', () => {
  it.each(['ordered', 'unordered'] as const)(
    'is never passed by a result, in neither direction (%s)',
    async (order) => {
      const rig = new AsyncRig({ options: { order } });
      rig.process(...recordsOf('a', 'b'));
      rig.operator.holdWatermark(10);
      rig.process(recordOf('c'));

      rig.service.of('c').answer('C');
      rig.service.of('a').answer('A');
      expect(await rig.giveOut()).toEqual(['A']);
      rig.service.of('b').answer('B');

      expect(await rig.giveOut()).toEqual(['B', 'w10', 'C']);
    },
  );

  it.each(['ordered', 'unordered'] as const)('goes out at once when nothing is under way (%s)', async (order) => {
    const rig = new AsyncRig({ options: { order } });

    rig.operator.holdWatermark(10);
    expect(rig.operator.pending()).toBe(1);

    expect(await rig.giveOut()).toEqual(['w10']);
    expect(rig.operator.pending()).toBe(0);
  });

  it.each(['ordered', 'unordered'] as const)(
    'is one with those that follow it without a record (%s)',
    async (order) => {
      const rig = new AsyncRig({ options: { order } });
      rig.process(recordOf('a'));
      for (const time of [10, 11, 11, 9, 12]) rig.operator.holdWatermark(time);
      rig.process(recordOf('b'));
      rig.operator.holdWatermark(Number.POSITIVE_INFINITY);

      expect(rig.operator.pending()).toBe(4);
      for (const value of ['a', 'b']) rig.service.of(value).answer(value);

      expect(await rig.giveOut()).toEqual(['a', 'w12', 'b', 'wInfinity']);
    },
  );

  it.each(['ordered', 'unordered'] as const)('keeps its place among any records and answers (%s)', async (order) => {
    const property = fc.asyncProperty(
      fc.array(fc.oneof(fc.constant('record'), fc.constant('watermark'), fc.nat({ max: 20 })), { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, concurrency) => {
        const rig = new AsyncRig({ options: { order, concurrency } });
        const arrived: unknown[] = [];
        for (const step of steps) {
          if (step === 'record') {
            rig.process(recordOf(arrived.length));
            arrived.push(arrived.length);
          } else if (step === 'watermark') {
            rig.operator.holdWatermark(arrived.length);
            arrived.push(`w${arrived.length}`);
          } else {
            const open = rig.service.asked.filter(({ value }) => !rig.story.includes(value));
            const chosen = open[Number(step) % Math.max(1, open.length)];
            chosen?.answer(chosen.value);
            await rig.giveOut();
          }
        }
        while (rig.operator.pending() > 0) {
          for (const { answer, value } of [...rig.service.asked].reverse()) answer(value);
          await rig.giveOut();
        }

        const records = (story: readonly unknown[]) => story.filter((word) => typeof word === 'number');
        if (order === 'ordered') expect(records(rig.story)).toEqual(records(arrived));
        expect(records(rig.story).sort((a, b) => Number(a) - Number(b))).toEqual(records(arrived));
        expect(rig.story.filter((word) => typeof word === 'string').at(-1)).toEqual(
          arrived.filter((word) => typeof word === 'string').at(-1),
        );
        for (const [index, word] of rig.story.entries()) {
          if (typeof word !== 'string') continue;
          // Its time is its place among the arrivals: no result of a later record is in front of it, none of an earlier one behind it.
          const time = Number(word.slice(1));
          expect(records(rig.story.slice(0, index)).every((value) => Number(value) < time)).toBe(true);
          expect(records(rig.story.slice(index)).every((value) => Number(value) > time)).toBe(true);
        }
      },
    );

    await fc.assert(property, { numRuns: 60 });
  });
});

describe('the bound of an asyncMap', () => {
  it('is reached by calls and by results that wait, and left as they go out', async () => {
    const rig = new AsyncRig({ options: { concurrency: 2 } });
    rig.process(recordOf('a'));
    expect(rig.operator.isFull()).toBe(false);
    rig.process(recordOf('b'));
    expect(rig.operator.isFull()).toBe(true);

    rig.service.of('b').answer('B');
    await rig.giveOut();
    expect(rig.operator.isFull()).toBe(true);
    rig.service.of('a').answer('A');
    await rig.giveOut();

    expect(rig.operator.isFull()).toBe(false);
  });

  it('holds for calls also when more records come in one go', async () => {
    const rig = new AsyncRig({ options: { concurrency: 2 } });

    rig.process(...recordsOf(1, 2, 3, 4, 5));
    expect(rig.service.values).toEqual([1, 2]);
    while (rig.operator.pending() > 0) {
      for (const { answer, value } of rig.service.asked.slice(rig.story.length)) answer(value);
      await rig.giveOut();
    }

    expect(rig.story).toEqual([1, 2, 3, 4, 5]);
    expect(rig.service.underWayMax).toBe(2);
  });

  it('does not grow the stack where a function answers at once', async () => {
    let asked = 0;
    const rig = new AsyncRig({
      options: { concurrency: 1 },
      // The first takes its time, so that all others wait for it.
      fn: (value: number) => (asked++ === 0 ? Promise.resolve(value) : value),
    });

    for (let n = 0; n < 20_000; n++) rig.process(recordOf(n));

    expect(await rig.giveOut()).toHaveLength(20_000);
  });
});

describe('tries of an asyncMap', () => {
  it('are made anew after pauses that double, up to a bound', async () => {
    const rig = new AsyncRig({ options: { attempts: 5, backoffMs: 100, backoffMaxMs: 300, timeoutMs: 10_000 } });
    rig.process(recordOf('a'));

    for (let turn = 0; turn < 4; turn++) {
      rig.service.of('a').fail(new Error(`no ${turn}`));
      await settled();
      rig.clock.advanceTo(rig.clock.nextDueAt()!);
    }
    rig.service.of('a').answer('at last');

    expect(await rig.giveOut()).toEqual(['at last']);
    expect(rig.service.asked.map(({ attempt, at }) => [attempt, at])).toEqual([
      [1, 0],
      [2, 100],
      [3, 300],
      [4, 600],
      [5, 900],
    ]);
    expect(rig.clock.nextDueAt()).toBeUndefined();
  });

  it('used up end the generation, with the reason of the last one, when its turn has come', async () => {
    const rig = new AsyncRig({ options: { attempts: 2, backoffMs: 0 } });
    rig.process(recordOf('first', 'k1'), recordOf('second', 'k2'));
    const cause = new Error('no such customer');
    rig.service.of('second').fail(new Error('busy'));
    await settled();
    rig.clock.advance(0);
    rig.service.of('second').fail(cause);
    expect(await rig.giveOut()).toEqual([]);
    rig.service.of('first').answer(1);

    const attempt = rig.giveOut();

    await expect(attempt).rejects.toThrow(OperatorError);
    await expect(attempt).rejects.toThrow(/gave up a record after 2 tries: no such customer; .*onFailure: 'side'/);
    await expect(attempt).rejects.toMatchObject({ cause, place: { key: 'k2' }, recovery: 'restart' });
    expect(rig.story).toEqual([1]);
  });

  it('used up send the record to the side output, with its key and times, where that is asked for', async () => {
    const rig = new AsyncRig({ options: { attempts: 1, onFailure: 'side' } });
    rig.process(new StreamRecord({ id: 1 }, 'k', 42, 5), recordOf('b'));

    rig.service.asked[0]!.fail('not an error');
    rig.service.of('b').answer('B');

    expect(await rig.giveOut()).toEqual([{ value: { id: 1 }, error: 'gave up after 1 try: not an error' }, 'B']);
    expect(rig.records[0]).toMatchObject({ key: 'k', timestamp: 42, ingestTime: 5 });
    expect(rig.operator.pending()).toBe(0);
  });

  it('are over at the timeout, which counts all of them: the signal is aborted, a late answer not heard', async () => {
    const options = { attempts: 9, backoffMs: 100, timeoutMs: 250, onFailure: 'side' } as const;
    const rig = new AsyncRig({ options });
    rig.process(recordOf('a'));
    rig.service.of('a').fail(new Error('busy'));
    await settled();
    rig.clock.advance(100);
    const second = rig.service.of('a');

    rig.clock.advance(149);
    expect(second.signal.aborted).toBe(false);
    rig.clock.advance(1);
    expect(second.signal.aborted).toBe(true);
    expect(String(second.signal.reason)).toContain('given up after 250 ms');
    second.answer('too late');

    expect(await rig.giveOut()).toEqual([{ value: 'a', error: 'gave up after 250 ms and 2 tries: busy' }]);
    rig.process(recordOf('b'));
    rig.clock.advance(250);
    rig.service.of('b').fail('too late');
    expect(await rig.giveOut()).toEqual([{ value: 'b', error: 'gave up after 250 ms and 1 try: no answer' }]);
    expect(rig.clock.nextDueAt()).toBeUndefined();
  });

  it('are not made again behind the timeout, when it comes in a pause, and one without an answer says so', async () => {
    const options = { attempts: 9, backoffMs: 100, timeoutMs: 150, onFailure: 'side' } as const;
    const rig = new AsyncRig({ options });
    rig.process(recordOf('a'), recordOf('b'));
    rig.clock.advance(100);
    rig.service.of('a').fail('busy');
    await settled();

    rig.clock.advance(1000);

    const [a, b] = await rig.giveOut();
    expect(a).toMatchObject({ error: 'gave up after 150 ms and 1 try: busy' });
    expect(b).toMatchObject({ error: 'gave up after 150 ms and 1 try: no answer' });
    expect(rig.service.asked).toHaveLength(2);
  });

  it.each([
    ['throws at once', () => throwing(new Error('bad')), { error: 'gave up after 1 try: bad' }],
    ['throws nothing', () => throwing(undefined), { error: 'gave up after 1 try: undefined' }],
    ['rejects with nothing', () => Promise.reject(), { error: 'gave up after 1 try: undefined' }],
    ['returns a value', () => 7, 7],
    ['returns nothing', () => undefined, undefined],
    ['returns null', () => null, null],
    ['returns a thenable', () => thenable((resolve) => resolve(8)), 8],
    [
      'returns a thenable that throws',
      () => thenable(() => throwing(new Error('odd'))),
      { error: 'gave up after 1 try: odd' },
    ],
    [
      'returns what cannot even be asked',
      () => Object.defineProperty({}, 'then', { get: () => throwing(new Error('trap')) }),
      { error: 'gave up after 1 try: trap' },
    ],
  ])('of a function that %s are handled', async (_, fn, expected) => {
    const rig = new AsyncRig({ fn, options: { attempts: 1, onFailure: 'side' } });

    rig.process(recordOf(0));

    const [result] = await rig.giveOut();
    if (typeof expected === 'object' && expected !== null) expect(result).toMatchObject(expected);
    else expect(result).toBe(expected);
  });
});

/** Built so that no linter takes it for a mistake. */
function thenable(then: (resolve: (value: number) => void) => void): object {
  return Object.defineProperty({}, 'then', { value: then });
}

function throwing(thrown: unknown): never {
  throw thrown;
}

describe('the signal of a call', () => {
  it('is one for all tries, and aborted already where it is asked for too late', async () => {
    const calls: AsyncCall[] = [];
    const fn = (value: string, call: AsyncCall) => {
      calls.push(call);
      return value === 'slow' ? new Promise(() => {}) : Promise.reject(new Error('busy'));
    };
    const rig = new AsyncRig({ fn, options: { attempts: 2, backoffMs: 1, timeoutMs: 50, onFailure: 'side' } });
    rig.process(...recordsOf('busy', 'slow'));
    await settled();
    rig.clock.advance(1);
    await settled();
    rig.clock.advance(100);
    await rig.giveOut();

    const [busy, slow, again] = calls;
    expect(again!.signal).toBe(busy!.signal);
    expect(busy!.signal.aborted).toBe(false);
    expect(slow!.signal.aborted).toBe(true);
  });
});

describe('an asyncMap that is closed', () => {
  it('aborts its calls and hears nothing more of them', async () => {
    const rig = new AsyncRig({ options: { concurrency: 2, attempts: 3 } });
    rig.process(...recordsOf('a', 'b', 'c'));
    rig.service.of('b').fail('busy');
    await settled();
    const [a] = rig.service.asked;

    rig.operator.close();

    expect(a!.signal.aborted).toBe(true);
    expect(String(a!.signal.reason)).toContain('given up');
    expect(rig.clock.nextDueAt()).toBeUndefined();
    a!.fail(new Error('aborted'));
    // A rejection that nobody handles would fail this file.
    expect(await rig.giveOut()).toEqual([]);
    expect(rig.service.values).toEqual(['a', 'b']);
  });
});

describe('the state of an asyncMap', () => {
  it('takes only what can be kept, and says what cannot', () => {
    const rig = new AsyncRig();

    expect(() => rig.process(recordOf({ ok: 1, call: () => 1 }))).toThrow(ValueError);
    expect(() => rig.process(recordOf({ call: () => 1 }))).toThrow('the input of asyncMap.call is a function');
    expect(rig.service.asked).toEqual([]);
  });

  it('writes to as few places as there are calls under way, however many records pass', async () => {
    const rig = new AsyncRig({ options: { concurrency: 3 } });
    for (let n = 0; n < 300; n++) {
      rig.process(recordOf(n));
      if (!rig.operator.isFull()) continue;
      for (const asked of rig.service.asked.slice(rig.story.length)) asked.answer(asked.value);
      await rig.giveOut();
    }

    expect(rig.story).toHaveLength(300);
    // And the watermark beside them.
    expect(rig.state.written.size).toBe(4);
  });

  it.each(['ordered', 'unordered'] as const)(
    'asks again exactly what had no result, first and in order (%s)',
    async (order) => {
      const property = fc.asyncProperty(
        fc.array(fc.oneof(fc.constant('record'), fc.constant('restart'), fc.nat({ max: 20 })), { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, concurrency) => {
          const options = { order, concurrency };
          let rig = new AsyncRig({ options });
          const arrived: number[] = [];
          const story: unknown[] = [];
          const answer = async (asked: { value: unknown; answer(result: unknown): void } | undefined) => {
            asked?.answer(asked.value);
            story.push(...(await rig.giveOut()));
          };
          for (const step of steps) {
            if (step === 'record') {
              rig.process(recordOf(arrived.length, `key ${arrived.length % 2}`, 100 + arrived.length));
              arrived.push(arrived.length);
            } else if (step === 'restart') {
              const stored = rig.state.snapshot();
              rig.operator.close();
              rig = new AsyncRig({ options, stored });
              const unfinished = arrived.filter((value) => !story.includes(value));
              expect(rig.operator.pending()).toBe(unfinished.length);
              expect(rig.service.values).toEqual(unfinished.slice(0, concurrency));
            } else {
              const open = rig.service.asked.filter(({ value }) => !story.includes(value));
              await answer(open[Number(step) % Math.max(1, open.length)]);
            }
          }
          while (rig.operator.pending() > 0) for (const asked of [...rig.service.asked]) await answer(asked);

          if (order === 'ordered') expect(story).toEqual(arrived);
          expect(story.sort((a, b) => Number(a) - Number(b))).toEqual(arrived);
          for (const record of rig.records) {
            expect(record.key).toBe(`key ${Number(record.value) % 2}`);
            expect(record.timestamp).toBe(100 + Number(record.value));
          }
        },
      );

      await fc.assert(property, { numRuns: 80 });
    },
  );

  it('uses the places between those that a restart found taken', async () => {
    const options = { order: 'unordered' } as const;
    const first = new AsyncRig({ options });
    first.process(...recordsOf('a', 'b', 'c', 'd'));
    first.service.of('a').answer('A');
    first.service.of('c').answer('C');
    await first.giveOut();

    const second = new AsyncRig({ options, stored: first.state.snapshot() });
    second.process(...recordsOf('e', 'f', 'g'));
    const third = new AsyncRig({ options, stored: second.state.snapshot() });

    expect(third.service.values).toEqual(['b', 'd', 'e', 'f', 'g']);
  });

  it('gives the watermark that was passed on out again, in front of what is asked again', async () => {
    const before = new AsyncRig();
    before.operator.holdWatermark(10);
    before.process(recordOf('a'));
    await before.giveOut();
    before.operator.holdWatermark(20);

    const after = new AsyncRig({ stored: before.state.snapshot() });
    // The engine knows only what came to the head of the chain.
    after.operator.holdWatermark(20);
    expect(await after.giveOut()).toEqual(['w10']);
    after.service.of('a').answer('A');

    expect(await after.giveOut()).toEqual(['A', 'w20']);
    expect(after.records[0]!.ingestTime).toBe(77);
  });

  it('lets a subtask that has passed nothing on hold back one that has reached the end, where they become one', async () => {
    const halves = [OWN_KEYS.slice(0, KEY_GROUPS / 2), OWN_KEYS.slice(KEY_GROUPS / 2)];
    const [reading, ended] = halves.map((ownKeys) => new AsyncRig({ ownKeys })) as [AsyncRig, AsyncRig];
    reading.process(recordOf('early'));
    ended.operator.holdWatermark(Number.POSITIVE_INFINITY);
    await ended.giveOut();
    const stored: Stored = new Map([reading, ended].flatMap((rig) => [...rig.state.snapshot()]));

    const one = new AsyncRig({ stored });
    one.service.of('early').answer('done');

    expect(await one.giveOut()).toEqual(['done']);
  });

  it('never begins above the watermark in front of it: what was passed on may have been that of other inputs', async () => {
    const before = new AsyncRig();
    before.operator.holdWatermark(500);
    before.process(recordOf('a'));
    await before.giveOut();

    const after = new AsyncRig({ stored: before.state.snapshot(), watermark: 40 });
    expect(await after.giveOut()).toEqual(['w40']);
    after.service.of('a').answer('A');
    after.operator.holdWatermark(50);

    expect(await after.giveOut()).toEqual(['A', 'w50']);
  });

  it('says nothing of watermarks where nothing is unfinished: the one in front of it counts', async () => {
    const before = new AsyncRig();
    before.process(recordOf('a'));
    before.operator.holdWatermark(500);
    before.service.of('a').answer('A');
    await before.giveOut();

    const after = new AsyncRig({ stored: before.state.snapshot(), watermark: 600 });

    expect(after.operator.pending()).toBe(0);
    expect(await after.giveOut()).toEqual([]);
    expect(before.state.entries()).toBe(0);
  });

  it('has watermarks that go with the inputs, wherever their key groups go', async () => {
    const halves = [OWN_KEYS.slice(0, 4), OWN_KEYS.slice(4)];
    const [slow, fast] = halves.map((ownKeys) => new AsyncRig({ ownKeys })) as [AsyncRig, AsyncRig];
    slow.operator.holdWatermark(5);
    fast.operator.holdWatermark(9);
    // An own key is in its own group.
    slow.process(...OWN_KEYS.slice(0, 4).map((key) => recordOf(`slow ${key}`, key)));
    fast.process(...OWN_KEYS.slice(4).map((key) => recordOf(`fast ${key}`, key)));
    await Promise.all([slow.giveOut(), fast.giveOut()]);
    const stored: Stored = new Map([slow, fast].flatMap((rig) => [...rig.state.snapshot()]));

    const thirds = [OWN_KEYS.slice(0, 3), OWN_KEYS.slice(3, 6), OWN_KEYS.slice(6)];
    const after = thirds.map((ownKeys) => new AsyncRig({ stored, ownKeys, watermark: 20 }));

    expect(await Promise.all(after.map((rig) => rig.giveOut()))).toEqual([['w5'], ['w5'], ['w9']]);
  });

  it('is found where the keys are, with another parallelism', async () => {
    const keys = Array.from({ length: 12 }, (_, n) => `key ${n}`);
    const one = new AsyncRig();
    one.operator.holdWatermark(3);
    one.process(...keys.map((key, n) => recordOf(n, key)));
    await one.giveOut();
    const halves = [OWN_KEYS.slice(0, KEY_GROUPS / 2), OWN_KEYS.slice(KEY_GROUPS / 2)];

    const two = halves.map((ownKeys) => new AsyncRig({ stored: one.state.snapshot(), ownKeys }));

    for (const [half, rig] of two.entries()) {
      const its = keys.flatMap((key, n) => (Math.floor(keyGroupOf(key, KEY_GROUPS) / 4) === half ? [n] : []));
      expect(its.length).toBeGreaterThan(0);
      expect(rig.service.values).toEqual(its);
    }

    // Together again, each having passed on other watermarks: the lower one counts.
    two[0]!.operator.holdWatermark(5);
    two[1]!.operator.holdWatermark(9);
    for (const rig of two) {
      for (const asked of rig.service.asked.slice(1)) asked.answer(asked.value);
      rig.service.asked[0]!.answer('first');
      await rig.giveOut();
      rig.process(recordOf('left over', rig === two[0] ? keys[0]! : keys[1]!));
    }
    const stored: Stored = new Map(two.flatMap((rig) => [...rig.state.snapshot()]));
    const again = new AsyncRig({ stored, watermark: 9 });

    expect(again.service.values).toEqual(['left over', 'left over']);
    expect(await again.giveOut()).toEqual(['w5']);
    const third = new AsyncRig({ stored: again.state.snapshot(), watermark: 9 });
    expect(await third.giveOut()).toEqual(['w5']);
    for (const asked of third.service.asked) asked.answer('done');
    third.operator.holdWatermark(20);
    expect(await third.giveOut()).toEqual(['done', 'done', 'w20']);
  });

  it('keeps the order of each key over a restart with another parallelism, in front of what comes then', async () => {
    const keyOf = (n: number): string => `key ${n % 5}`;
    const inOrder = (from: number, to: number): readonly number[] =>
      Array.from({ length: to - from }, (_, index) => from + index);
    const take = (rigs: readonly AsyncRig[], from: number, to: number): void => {
      for (const n of inOrder(from, to)) {
        const owner = Math.floor((keyGroupOf(keyOf(n), KEY_GROUPS) * rigs.length) / KEY_GROUPS);
        rigs[owner]!.process(recordOf(n, keyOf(n)));
      }
    };
    let rigs = [new AsyncRig()];
    take(rigs, 0, 20);
    // More subtasks, then fewer.
    for (const [parallelism, from] of [
      [4, 20],
      [2, 40],
    ] as const) {
      const stored: Stored = new Map(rigs.flatMap((rig) => [...rig.state.snapshot()]));
      const width = KEY_GROUPS / parallelism;
      rigs = Array.from(
        { length: parallelism },
        (_, n) => new AsyncRig({ stored, ownKeys: OWN_KEYS.slice(n * width, (n + 1) * width) }),
      );
      take(rigs, from, from + 20);
    }
    for (const rig of rigs) {
      for (const asked of rig.service.asked.toReversed()) asked.answer(asked.value);
      await rig.giveOut();
    }

    for (const key of inOrder(0, 5).map(keyOf)) {
      const its = rigs.flatMap((rig) => rig.records).filter((record) => record.key === key);
      expect(its.map(({ value }) => value)).toEqual(inOrder(0, 60).filter((n) => keyOf(n) === key));
    }
  });

  it('of records without keys keeps the order in which a subtask took them, where two become one', async () => {
    const halves = [OWN_KEYS.slice(0, KEY_GROUPS / 2), OWN_KEYS.slice(KEY_GROUPS / 2)];
    const two = halves.map((ownKeys) => new AsyncRig({ ownKeys }));
    for (const [half, rig] of two.entries()) rig.process(...[0, 1, 2].map((n) => recordOf(`${half}.${n}`)));
    const stored: Stored = new Map(two.flatMap((rig) => [...rig.state.snapshot()]));
    const one = new AsyncRig({ stored });
    one.process(recordOf('new'));
    for (const asked of one.service.asked.toReversed()) asked.answer(asked.value);
    const story = (await one.giveOut()) as string[];

    for (const half of ['0.', '1.']) {
      expect(story.filter((value) => value.startsWith(half))).toEqual([0, 1, 2].map((n) => `${half}${n}`));
    }
    expect(story.at(-1)).toBe('new');
  });

  it('keeps a record whose key lives in another subtask all the same', async () => {
    const ownKeys = OWN_KEYS.slice(0, 1);
    const rig = new AsyncRig({ ownKeys });
    rig.process(...['a', 'b', 'c', 'd', 'e'].map((key) => recordOf(key, key)));

    const after = new AsyncRig({ ownKeys, stored: rig.state.snapshot() });

    expect(after.service.values).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
