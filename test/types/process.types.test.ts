/** What must not compile in a `process` with timers and times to live; see job-builder.types.test.ts. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { TimeDomain, ValueState } from '../../src/model/index.ts';
import { defineProcess, type ErasedProcess, processBlueprint, records, states } from '../../src/operators/index.ts';

interface Payment {
  readonly card: string;
  readonly amount: number;
}

describe('a process with timers', () => {
  it('infers states, outputs and timers in both of its functions', () => {
    const definition = defineProcess({
      states: {
        last: states.value<Payment>({ ttlMs: 1_000, refresh: 'read' }),
        sums: states.map<number>({ ttlMs: 5 }),
      },
      emits: records<{ idle: string }>(),
      sides: { large: records<Payment>() },
      process(payment: Payment, context) {
        expectTypeOf(context.states.last).toEqualTypeOf<ValueState<Payment>>();
        expectTypeOf(context.watermark).toEqualTypeOf<number>();
        expectTypeOf(context.now).toEqualTypeOf<number>();
        context.timers.set('idle', context.timestamp + 1_000);
        context.processingTimers.delete('idle');
        expectTypeOf(context.timers.get('idle')).toEqualTypeOf<number | undefined>();
        context.countLate();
        context.states.last.set(payment);
        // @ts-expect-error: a time is a number of milliseconds
        context.timers.set('idle', new Date());
        // @ts-expect-error: a timer has a name
        context.timers.set(1, 5);
        // @ts-expect-error: a timer has a time
        context.timers.set('idle');
      },
      onTimer(timer, context) {
        expectTypeOf(timer.name).toEqualTypeOf<string>();
        expectTypeOf(timer.at).toEqualTypeOf<number>();
        expectTypeOf(timer.domain).toEqualTypeOf<TimeDomain>();
        const last = context.states.last.get();
        expectTypeOf(last).toEqualTypeOf<Payment | undefined>();
        context.emit({ idle: timer.name });
        if (last !== undefined) context.emitTo('large', last);
        // @ts-expect-error: the output carries what is idle
        context.emit(last);
        // @ts-expect-error: no such side output
        context.emitTo('small', last);
        // @ts-expect-error: no such state
        context.states.first;
      },
    });

    const erased = definition as unknown as ErasedProcess;
    expect(processBlueprint(erased, () => erased).states).toHaveLength(5);
  });

  it('takes a time to live of milliseconds, from the last write or read', () => {
    // @ts-expect-error: refresh is 'write' or 'read'
    states.value<number>({ ttlMs: 5, refresh: 'never' });
    // @ts-expect-error: a time to live has a length
    states.list<number>({ refresh: 'read' });
    // @ts-expect-error: the length is a number
    states.map<number>({ ttlMs: '5s' });

    expect(states.value<number>({ ttlMs: 5 })).toEqual({ kind: 'value', ttl: { ttlMs: 5 } });
    expect(states.value<number>()).toEqual({ kind: 'value', ttl: undefined });
  });
});
