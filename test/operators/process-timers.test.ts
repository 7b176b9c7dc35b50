import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_TIME, type Key, OperatorError, StreamRecord, type TimeDomain } from '../../src/model/index.ts';
import {
  defineProcess,
  type ErasedProcess,
  type NamedTimers,
  ProcessOperator,
  processBlueprint,
  records,
  states,
} from '../../src/operators/index.ts';
import { DrivenOperator } from '../../src/testing/driven-operator.ts';
import { type HarnessStep, runOperator, step } from '../../src/testing/operator-harness.ts';
import { recordOf, valuesOf } from './records.ts';

/** What a record tells the process to do. */
type Order =
  | { readonly do: 'set'; readonly domain: TimeDomain; readonly name: string; readonly at: number }
  | { readonly do: 'delete'; readonly domain: TimeDomain; readonly name: string }
  | { readonly do: 'get'; readonly domain: TimeDomain; readonly name: string };

const START = 1_000_000;
/** Behind any clock. */
const LATER = 1e15;
const TICK_MS = 7;
const TICK_LAST = 60;

/** Obeys orders, and says what fires. A timer called 'tick' sets itself again for a while. */
const obedient = defineProcess({
  emits: records<unknown>(),
  process(orders: readonly Order[], context) {
    for (const order of orders) {
      const timers = order.domain === 'event' ? context.timers : context.processingTimers;
      if (order.do === 'set') timers.set(order.name, order.at);
      else if (order.do === 'delete') timers.delete(order.name);
      else context.emit({ got: timers.get(order.name) ?? 'none' });
    }
  },
  onTimer({ name, at, domain }, context) {
    const timers = domain === 'event' ? context.timers : context.processingTimers;
    context.emit({ fired: name, at, domain, key: context.key, isGone: timers.get(name) === undefined });
    if (name === 'tick' && at % START < TICK_LAST) timers.set(name, at + TICK_MS);
  },
});

function create(definition: unknown = obedient): ProcessOperator {
  return new ProcessOperator(definition as ErasedProcess);
}

/** Values by step cannot be told apart in one list: a record that leads to nothing else says where a step began. */
function run(input: readonly HarnessStep<readonly Order[]>[]): unknown[] {
  return valuesOf(runOperator({ create, input, isStateful: true, startedAt: START }))[0]!;
}

/** The same by a plain program: timers in an array, looked through from end to end. */
class PlainTimers {
  readonly out: unknown[] = [];
  #pending: { key: Key; domain: TimeDomain; name: string; at: number }[] = [];
  #watermark = Number.NEGATIVE_INFINITY;
  #now = START;

  record(key: Key, orders: readonly Order[]): void {
    for (const order of orders) {
      const found = this.#find(key, order.domain, order.name);
      if (order.do === 'get') this.out.push({ got: found?.at ?? 'none' });
      else this.#pending = this.#pending.filter((timer) => timer !== found);
      if (order.do === 'set') this.#pending.push({ key, domain: order.domain, name: order.name, at: order.at });
    }
    this.#fire();
  }

  watermark(time: number): void {
    this.#watermark = Math.max(this.#watermark, time);
    this.#fire();
  }

  /** A millisecond at a time. */
  time(byMs: number): void {
    this.#fire();
    for (let ms = 0; ms < byMs; ms++) {
      this.#now++;
      this.#fire();
    }
  }

  #find(key: Key, domain: TimeDomain, name: string) {
    return this.#pending.find((timer) => timer.key === key && timer.domain === domain && timer.name === name);
  }

  #fire(): void {
    for (let due = this.#nextDue(); due !== undefined; due = this.#nextDue()) {
      const { key, domain, name, at } = due;
      this.#pending = this.#pending.filter((timer) => timer !== due);
      this.out.push({ fired: name, at, domain, key, isGone: true });
      if (name === 'tick' && at % START < TICK_LAST) this.#pending.push({ key, domain, name, at: at + TICK_MS });
    }
  }

  #nextDue() {
    const limit = { event: this.#watermark, processing: this.#watermark === END_OF_TIME ? END_OF_TIME : this.#now };
    const due = this.#pending.filter((timer) => timer.at <= limit[timer.domain]);
    // Of event time first.
    due.sort((a, b) => (a.domain < b.domain ? -1 : a.domain > b.domain ? 1 : a.at - b.at));
    return due[0];
  }
}

/** Ties of time may come in any order. */
function untied(out: readonly unknown[]): unknown[] {
  const sorted: { at: number | undefined; domain: string | undefined; texts: string[] }[] = [];
  for (const value of out) {
    const { at, domain } = value as { at?: number; domain?: string };
    const last = sorted.at(-1);
    const text = JSON.stringify(value);
    if (last !== undefined && at !== undefined && last.at === at && last.domain === domain) last.texts.push(text);
    else sorted.push({ at, domain, texts: [text] });
  }
  return sorted.map(({ texts }) => texts.sort());
}

describe('timers of a process', () => {
  it('fire once, when the watermark reaches them, under their own key', () => {
    const out = run([
      recordOf([{ do: 'set', domain: 'event', name: 'a', at: 10 }], 'k'),
      recordOf([{ do: 'set', domain: 'event', name: 'a', at: 11 }], 'l'),
      step.watermark(9),
      recordOf([{ do: 'get', domain: 'event', name: 'a' }], 'k'),
      step.watermark(10),
      recordOf([{ do: 'get', domain: 'event', name: 'a' }], 'k'),
      recordOf([{ do: 'get', domain: 'event', name: 'a' }], 'l'),
      step.watermark(30),
    ] as HarnessStep<readonly Order[]>[]);

    expect(out).toEqual([
      { got: 10 },
      { fired: 'a', at: 10, domain: 'event', key: 'k', isGone: true },
      { got: 'none' },
      { got: 11 },
      { fired: 'a', at: 11, domain: 'event', key: 'l', isGone: true },
    ]);
  });

  it('of one name replace each other, and are deleted by name', () => {
    const set = (name: string, at: number): Order => ({ do: 'set', domain: 'event', name, at });
    const out = run([
      recordOf(
        [set('later', 10), set('later', 20), set('sooner', 20), set('sooner', 10), set('same', 15), set('same', 15)],
        'k',
      ),
      recordOf(
        [
          set('gone', 5),
          { do: 'delete', domain: 'event', name: 'gone' },
          { do: 'delete', domain: 'event', name: 'never' },
        ],
        'k',
      ),
      step.watermark(100),
    ] as HarnessStep<readonly Order[]>[]);

    expect(out).toMatchObject([
      { fired: 'sooner', at: 10 },
      { fired: 'same', at: 15 },
      { fired: 'later', at: 20 },
    ]);
  });

  it('of one name in both domains are two', () => {
    const out = run([
      recordOf(
        [
          { do: 'set', domain: 'event', name: 'a', at: 10 },
          { do: 'set', domain: 'processing', name: 'a', at: START + 5 },
        ],
        'k',
      ),
      recordOf([{ do: 'delete', domain: 'event', name: 'a' }], 'k'),
      recordOf([{ do: 'get', domain: 'processing', name: 'a' }], 'k'),
      step.watermark(50),
      step.time(4),
      step.time(1),
    ] as HarnessStep<readonly Order[]>[]);

    expect(out).toEqual([
      { got: START + 5 },
      { fired: 'a', at: START + 5, domain: 'processing', key: 'k', isGone: true },
    ]);
  });

  it('of a time that has passed fire behind the call, those of processing time also at the end of input', () => {
    const out = run([
      step.watermark(100),
      recordOf(
        [
          { do: 'set', domain: 'event', name: 'past', at: -3 },
          { do: 'set', domain: 'event', name: 'equal', at: 100 },
          { do: 'get', domain: 'event', name: 'past' },
          { do: 'set', domain: 'event', name: 'end', at: Number.POSITIVE_INFINITY },
          { do: 'set', domain: 'processing', name: 'far', at: START + 1e9 },
        ],
        'k',
      ),
      step.watermark(END_OF_TIME),
    ] as HarnessStep<readonly Order[]>[]);

    expect(out).toMatchObject([
      { got: -3 },
      { fired: 'past', at: -3 },
      { fired: 'equal', at: 100 },
      { fired: 'end', at: Number.POSITIVE_INFINITY },
      { fired: 'far', at: START + 1e9, domain: 'processing' },
    ]);
  });

  it('do what a plain program does, whatever is set, replaced and deleted, restored behind every step', () => {
    const key = fc.constantFrom('k', 'l', 'm');
    const name = fc.constantFrom('a', 'b', 'tick');
    const domain = fc.constantFrom<TimeDomain>('event', 'processing');
    const order: fc.Arbitrary<Order> = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('set' as const), domain, name, at: fc.integer({ min: -5, max: 80 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), domain, name }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('get' as const), domain, name }) },
    );
    const anyStep = fc.oneof(
      { weight: 3, arbitrary: fc.record({ key, orders: fc.array(order, { maxLength: 4 }) }) },
      { weight: 1, arbitrary: fc.record({ watermark: fc.integer({ min: -5, max: 90 }) }) },
      { weight: 1, arbitrary: fc.record({ byMs: fc.integer({ min: 0, max: 30 }) }) },
    );
    const property = fc.property(fc.array(anyStep, { maxLength: 20 }), fc.boolean(), (steps, hasEnd) => {
      const plain = new PlainTimers();
      const input: HarnessStep<readonly Order[]>[] = [];
      for (const each of steps) {
        if ('key' in each) {
          // Times of the wall clock begin at the start.
          const orders = each.orders.map((one) =>
            one.do === 'set' && one.domain === 'processing' ? { ...one, at: START + one.at } : one,
          );
          plain.record(each.key, orders);
          input.push(recordOf(orders, each.key));
        } else if ('watermark' in each) {
          plain.watermark(each.watermark);
          input.push(step.watermark(each.watermark));
        } else {
          plain.time(each.byMs);
          input.push(step.time(each.byMs));
        }
      }
      if (hasEnd) {
        plain.watermark(END_OF_TIME);
        input.push(step.watermark(END_OF_TIME));
      }

      expect(untied(run(input))).toEqual(untied(plain.out));
    });

    fc.assert(property, { numRuns: 60 });
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY, undefined, '5'])('refuse %j as a time, with what to do', (at) => {
    const input = [recordOf([{ do: 'set', domain: 'event', name: 'late', at } as Order], 'k')];

    const attempt = () => runOperator({ create, input, isStateful: true });

    expect(attempt).toThrow(OperatorError);
    expect(attempt).toThrow(`the timer 'late' was set to ${String(at)}; a timer needs a time in milliseconds`);
    expect(attempt).toThrow('add withEventTime to the source');
  });

  it.each<TimeDomain>(['event', 'processing'])(
    'that set themselves again for ever end a job of %s time with a word, not never; whatever ends is waited for',
    (domain) => {
      const timersOf = (context: { timers: NamedTimers; processingTimers: NamedTimers }): NamedTimers =>
        domain === 'event' ? context.timers : context.processingTimers;
      const ticking = defineProcess({
        emits: records<number>(),
        process(last: number, context) {
          timersOf(context).set('tick', LATER);
          timersOf(context).set('unto', last);
        },
        onTimer({ name, at }, context) {
          if (name === 'tick' && (context.key === 'endless' || at < LATER + 50)) timersOf(context).set('tick', at + 1);
        },
      });
      const driven = (key: Key): DrivenOperator => {
        const operator = new DrivenOperator({ create: () => create(ticking), state: 'keyed', onEmit: () => {} });
        operator.process(recordOf(LATER + 10, 'short'));
        operator.process(recordOf(LATER + 10, key));
        return operator;
      };

      expect(() => driven('short').advanceWatermark(END_OF_TIME)).not.toThrow();
      expect(() => driven('endless').advanceWatermark(END_OF_TIME)).toThrow(
        /'tick' has set itself again 100000 times since the input ended: .* only while context.watermark is less/,
      );
    },
  );

  it('are refused where nobody would be called', () => {
    for (const use of ['set', 'get', 'delete'] as const) {
      const deaf = {
        process: (_: unknown, context: { timers: Record<string, (name: string, at: number) => void> }) =>
          context.timers[use]!('idle', 5),
      };
      const attempt = () => runOperator({ create: () => create(deaf), input: [recordOf(1, 'k')], isStateful: true });

      expect(attempt).toThrow("the timer 'idle' has nobody to fire for: give the definition an onTimer");
    }
  });
});

describe('onTimer', () => {
  it('emits with the key and the time of the timer, also to side outputs', () => {
    const definition = defineProcess({
      states: { sum: states.value<number>() },
      emits: records<number>(),
      sides: { odd: records<string>() },
      process(value: number, context) {
        context.states.sum.set((context.states.sum.get() ?? 0) + value);
        context.timers.set('event', 40);
        context.processingTimers.set('processing', START + 20);
        context.timers.set('end', Number.POSITIVE_INFINITY);
      },
      onTimer({ name }, { states, emit, emitTo, timestamp, watermark, now }) {
        emit(states.sum.get()!);
        emitTo('odd', `${name} ${timestamp} ${watermark} ${now - START}`);
      },
    });

    const [main, odd] = runOperator({
      create: () => create(definition),
      input: [
        new StreamRecord(3, 'k', 1, 5),
        new StreamRecord(4, 'k', 2, 5),
        step.time(20),
        step.watermark(50),
        step.watermark(END_OF_TIME),
      ],
      outputs: 2,
      isStateful: true,
      startedAt: START,
    });

    expect(main!.map(({ value, key, timestamp }) => [value, key, timestamp])).toEqual([
      [7, 'k', START + 20],
      [7, 'k', 40],
      [7, 'k', Number.NaN],
    ]);
    expect(odd!.map(({ value, timestamp }) => [value, timestamp])).toEqual([
      [`processing ${START + 20} -Infinity 20`, START + 20],
      ['event 40 50 20', 40],
      ['end NaN Infinity 20', Number.NaN],
    ]);
  });
});

describe('the context of a process', () => {
  it('shows watermark and clock, so that a definition can judge lateness itself, and count it', () => {
    const definition = defineProcess({
      emits: records<string>(),
      sides: { late: records<number>() },
      process(value: number, context) {
        if (context.timestamp > context.watermark) {
          context.emit(`${value} under ${context.watermark} at ${context.now - START}`);
          return;
        }
        context.countLate();
        context.emitTo('late', value);
      },
    });

    const output = runOperator({
      create: () => create(definition),
      input: [recordOf(1, 'k', 10), step.watermark(10), step.time(5), recordOf(2, 'k', 10), recordOf(3, 'k', 11)],
      outputs: 2,
      isStateful: true,
      lateOutput: 1,
      startedAt: START,
    });

    expect(valuesOf(output)).toEqual([['1 under -Infinity at 0', '3 under 10 at 5'], [2]]);
  });

  it('has states that are gone after their time to live, by last write or last read', () => {
    const definition = defineProcess({
      states: {
        written: states.value<number>({ ttlMs: 10 }),
        read: states.value<number>({ ttlMs: 10, refresh: 'read' }),
        list: states.list<number>({ ttlMs: 10 }),
        map: states.map<number>({ ttlMs: 10 }),
      },
      emits: records<unknown>(),
      process(value: number, { states, emit }) {
        if (value > 0) {
          states.written.set(value);
          states.read.set(value);
          states.list.append(value);
          states.map.set('m', value);
          return;
        }
        emit([states.written.get(), states.read.get(), [...states.list.values()], states.map.get('m')]);
      },
    });
    const look = recordOf(0, 'k');

    const output = runOperator({
      create: () => create(definition),
      input: [recordOf(1, 'k'), step.time(9), look, step.time(1), look, step.time(9), look],
      isStateful: true,
    });

    expect(valuesOf(output)[0]).toEqual([
      [1, 1, [1], 1],
      [undefined, 1, [], undefined],
      [undefined, 1, [], undefined],
    ]);
  });
});

describe('the blueprint of a process', () => {
  const blueprint = (definition: unknown) =>
    processBlueprint(definition as ErasedProcess, () => definition as ErasedProcess);

  it('declares timers only where there is somebody to call', () => {
    const plain = { states: { b: states.list<number>(), a: states.value<number>() }, process() {} };

    expect(blueprint(plain)).toMatchObject({
      kind: 'process',
      label: 'b: list, a: value',
      outputs: ['main'],
      states: [
        { name: 'a', kind: 'value' },
        { name: 'b', kind: 'list' },
      ],
      problems: [],
    });
    expect(blueprint({ ...plain, sides: { odd: records<number>() }, onTimer() {} })).toMatchObject({
      label: 'b: list, a: value, timers',
      outputs: ['main', 'odd'],
      states: [
        { name: 'a', kind: 'value' },
        { name: 'b', kind: 'list' },
        { name: 'timers:event', kind: 'timers' },
        { name: 'timers:names', kind: 'map' },
        { name: 'timers:processing', kind: 'timers' },
      ],
    });
  });

  it('names what is wrong with declared states', () => {
    const definition = {
      states: {
        'timers:mine': states.value<number>(),
        short: states.value<number>({ ttlMs: 0 }),
        endless: states.list<number>({ ttlMs: Number.POSITIVE_INFINITY }),
        odd: states.map<number>({ ttlMs: 5, refresh: 'never' as never }),
      },
      process() {},
    };

    expect(blueprint(definition).problems).toEqual([
      "the state 'timers:mine' has a name that timers use; choose one that does not begin with 'timers:'",
      "the state 'short': ttlMs must be milliseconds above 0, not 0; without an end, leave the time to live out",
      "the state 'endless': ttlMs must be milliseconds above 0, not Infinity; without an end, leave the time to live out",
      "the state 'odd': refresh must be 'write' or 'read', not \"never\"",
    ]);
  });
});
