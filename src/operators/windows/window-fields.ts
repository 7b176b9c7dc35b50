/**
 * The accumulators of a window: one slot for each field in the alphabetical order of their names (so a job may list them in another order
 * after a restart), then the number of records, then, for windows that have no end in time, the greatest event time of the records.
 *
 * They lie one after the other in an array, from `base` on, so that many panes share one array. Hot: called for every record.
 */
import { type Key, OperatorError, type StreamRecord, type TimestampMs } from '../../model/index.ts';
import type { Aggregator, AggregatorFields } from '../aggregates/aggregator.ts';

/** Slots of one or more windows or panes; plain data. */
export type Slots = unknown[];

/** How many records a value of the input stands for: one, or those of a partial aggregate. */
export type RecordsIn<In> = (value: In) => number;

export interface WindowFieldsOptions<In> {
  /** Keep the greatest event time. */
  readonly tracksTime: boolean;
  readonly recordsIn: RecordsIn<In>;
}

export class WindowFields<In = unknown> {
  /** Slots of one window. */
  readonly width: number;
  readonly names: readonly string[];
  /** Whether panes that leave a window can be taken out of its accumulators. */
  readonly canRetract: boolean;
  readonly #aggregators: readonly Aggregator<In, unknown, unknown>[];
  readonly #tracksTime: boolean;
  readonly #recordsIn: RecordsIn<In>;

  constructor(fields: AggregatorFields<In>, { tracksTime, recordsIn }: WindowFieldsOptions<In>) {
    this.names = Object.keys(fields).sort();
    this.#aggregators = this.names.map((name) => fields[name]!);
    this.#tracksTime = tracksTime;
    this.#recordsIn = recordsIn;
    this.width = this.names.length + (tracksTime ? 2 : 1);
    // A greatest time cannot be taken out again.
    this.canRetract = !tracksTime && this.#aggregators.every(({ retract }) => retract !== undefined);
  }

  /** Of no record. */
  create(): Slots {
    const slots: Slots = this.#aggregators.map((aggregator) => aggregator.create());
    slots.push(0);
    if (this.#tracksTime) slots.push(Number.NaN);
    return slots;
  }

  recordsOf(slots: Slots, base = 0): number {
    return slots[base + this.#aggregators.length] as number;
  }

  /** NaN where no record had one. */
  timeOf(slots: Slots): TimestampMs {
    return slots[this.#aggregators.length + 1] as number;
  }

  /** Changes the slots in place. */
  add(into: Slots, base: number, record: StreamRecord<In>): void {
    const aggregators = this.#aggregators;
    const count = aggregators.length;
    let field = 0;
    try {
      for (; field < count; field++) {
        into[base + field] = aggregators[field]!.add(into[base + field], record.value, record.timestamp);
      }
    } catch (cause) {
      throw this.#failure(field, 'take the record', cause, record.key);
    }
    const records = base + count;
    const recordsIn = this.#recordsIn;
    into[records] = (into[records] as number) + recordsIn(record.value);
    if (this.#tracksTime) into[records + 1] = later(into[records + 1] as number, record.timestamp);
  }

  /** Takes the records of `from` in behind those of `into`, in place; `from` stays as it is. */
  merge(into: Slots, base: number, from: Slots, fromBase: number): void {
    const aggregators = this.#aggregators;
    const count = aggregators.length;
    let field = 0;
    try {
      for (; field < count; field++) {
        const taken = from[fromBase + field];
        const merged = aggregators[field]!.merge!(into[base + field], taken);
        // The object of `from` itself would be changed with the next record.
        into[base + field] =
          merged === taken && typeof merged === 'object' && merged !== null ? structuredClone(merged) : merged;
      }
    } catch (cause) {
      throw this.#failure(field, 'merge two parts of a window', cause);
    }
    const records = base + count;
    into[records] = (into[records] as number) + (from[fromBase + count] as number);
    if (this.#tracksTime) {
      into[records + 1] = later(into[records + 1] as number, from[fromBase + count + 1] as number);
    }
  }

  /** Takes the records of `earliest` out again, which were merged first. In place. */
  retract(from: Slots, earliest: Slots, earliestBase: number): void {
    const aggregators = this.#aggregators;
    const count = aggregators.length;
    let field = 0;
    try {
      for (; field < count; field++) {
        from[field] = aggregators[field]!.retract!(from[field], earliest[earliestBase + field]);
      }
    } catch (cause) {
      throw this.#failure(field, 'take a part of a window out again', cause);
    }
    from[count] = (from[count] as number) - (earliest[earliestBase + count] as number);
  }

  #failure(field: number, task: string, cause: unknown, key?: Key): OperatorError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new OperatorError(`the field '${this.names[field]}' cannot ${task}: ${reason}`, {
      ...(key !== undefined && { key: String(key) }),
      cause,
    });
  }
}

function later(a: TimestampMs, b: TimestampMs): TimestampMs {
  return Number.isNaN(a) || b > a ? b : a;
}
