/**
 * The fluent side of the builder. A stream is a description and holds no data: its methods add nodes to the graph, and
 * nothing runs.
 */
import type { Key } from '../model/index.ts';
import type { AsyncCall, AsyncMapOptions, BroadcastJoinOptions, FailedCall } from '../operators/index.ts';
import { AnyStream, type Branches, defineBranch, type Guarded } from './any-stream.ts';
import { type EventTimeOptions, findEventTimeProblems, resolveEventTime, type TimestampOf } from './event-time.ts';
import type { JoinedRow, TableType, TypedBroadcastJoin } from './joined-row.ts';
import { KeyedStream } from './keyed-stream.ts';

/** A stream without keys. */
export class Stream<T> extends AnyStream<T> {
  /** Replaces every value. */
  map<U>(transform: (value: T) => U): Stream<U> {
    return new Stream(this.graph, this.mapEdges(transform));
  }

  /** Keeps the records whose predicate is true; a type guard narrows the stream. */
  filter<S extends T>(predicate: (value: T) => value is S): Stream<S>;
  filter(predicate: (value: T) => boolean): Stream<T>;
  filter(predicate: (value: T) => boolean): Stream<T> {
    return new Stream(this.graph, this.filterEdges(predicate));
  }

  /** Replaces every value by any number of values, in order. */
  flatMap<U>(expand: (value: T) => Iterable<U>): Stream<U> {
    return new Stream(this.graph, this.flatMapEdges(expand));
  }

  /**
   * Replaces every value by what a promise yields: the one place where a job awaits something outside. Calls under way are bounded, timed
   * and tried again; after a restart those that had not finished are made again. With `onFailure: 'side'` the records whose calls
   * failed for good are at `side('failed')`.
   */
  asyncMap<U>(
    call: (value: T, context: AsyncCall) => PromiseLike<U>,
    options: AsyncMapOptions & { readonly onFailure: 'side' },
  ): SideStream<U, { readonly failed: FailedCall<T> }>;
  asyncMap<U>(call: (value: T, context: AsyncCall) => PromiseLike<U>, options?: AsyncMapOptions): Stream<U>;
  asyncMap<U>(call: (value: T, context: AsyncCall) => PromiseLike<U>, options: AsyncMapOptions = {}): Stream<U> {
    return new SideStream(this.graph, this.asyncMapEdges(call, options));
  }

  /** Gives every record a key. Records of one key stay in order from here on, and share their state. */
  keyBy<K extends Key>(keyOf: (value: T) => K): KeyedStream<T, K> {
    return new KeyedStream(this.graph, this.keyByEdges(keyOf));
  }

  /**
   * Each record with the newest row of its key in a small table, which every subtask holds whole. A table that ends is read to its end
   * before the first record; one that goes on is used as far as it has come.
   */
  joinBroadcast<R, Type extends TableType = 'inner', Out = JoinedRow<Type, T, R>>(
    table: Stream<R>,
    options: TypedBroadcastJoin<Type, T, R, Out>,
  ): Stream<Out> {
    return new Stream(this.graph, this.joinBroadcastEdges(table, options as BroadcastJoinOptions<T, R, Out>));
  }

  /** One stream of the records of all: in order for each, in no order between them. */
  merge(...others: readonly Stream<T>[]): Stream<T> {
    return new Stream(this.graph, this.mergeEdges(others));
  }

  /**
   * One stream per predicate, by name, and `rest`. A record goes to the first branch whose predicate is true, or to
   * `rest`; what nobody reads is dropped.
   */
  split<B extends Branches<T>>(
    branches: B,
  ): { readonly [Name in keyof B]: Stream<Guarded<T, B[Name]>> } & { readonly rest: Stream<T> } {
    const streams: Record<string, unknown> = {};
    this.splitEdges(branches, (name, edges) => defineBranch(streams, name, new Stream(this.graph, edges)));
    return streams as ReturnType<typeof this.split<B>>;
  }

  /** Spreads the records over all subtasks of the next operator in turn. Their order is given up. */
  rebalance(): Stream<T> {
    return new Stream(this.graph, this.edgesInto(0, 'rebalance'));
  }

  /** Gives every record to every subtask of the next operator. */
  broadcast(): Stream<T> {
    return new Stream(this.graph, this.edgesInto(0, 'broadcast'));
  }
}

/** What comes from a source: the place where records get their event times. */
export class SourceStream<T> extends Stream<T> {
  /**
   * Gives every record its event time, and the source a watermark: windows, timers and joins behind it go by them. Per split the watermark
   * is the greatest time seen less `outOfOrderMs`; the slowest split that is not idle decides. A record at or before it is late.
   *
   * @example
   * ```ts
   * job
   *   .source('flights', sources.file<Flight>({ path: 'flights.jsonl' }))
   *   .withEventTime((flight) => Date.parse(flight.date), { outOfOrderMs: 600_000 });
   * ```
   */
  withEventTime(timestampOf: TimestampOf<T>, options: EventTimeOptions = {}): Stream<T> {
    const node = this.origins[0]!.from;
    const { shape } = node;
    this.graph.expectFunction('withEventTime', timestampOf);
    for (const problem of findEventTimeProblems(options)) {
      this.graph.report((idOf) => `the event time of '${idOf(node)}': ${problem}`, node);
    }
    if (shape.role === 'source') {
      if (shape.eventTime !== undefined) {
        this.graph.report((idOf) => `the event time of '${idOf(node)}' is defined twice; a source has one`, node);
      }
      node.shape = { ...shape, eventTime: resolveEventTime(timestampOf, options) };
    }
    return new Stream(this.graph, this.origins);
  }
}

/** What an operator with side outputs emits; `Sides` has the type of each by name. */
export class SideStream<T, Sides> extends Stream<T> {
  /** The records of a side output. */
  side<Name extends keyof Sides & string>(name: Name): Stream<Sides[Name]> {
    return new Stream(this.graph, this.sideEdges(name));
  }
}

/** What the compiler shows to whoever asks for one. */
type NoSideOutput = 'late records are counted, but cannot be read, with local: true; leave it out to read them';

/** Rows of windows with local aggregation. */
export class LocalWindowStream<T> extends Stream<T> {
  /**
   * There is no side output: only partial aggregates come to the windows, so late records are counted (`status().late`) and cannot be read.
   * Leave `local` out to read them.
   */
  side(name: NoSideOutput): Stream<never> {
    const node = this.origins[0]!.from;
    this.graph.report(
      (idOf) =>
        `the window '${idOf(node)}' has no side output '${name}': with local: true late records are counted, but cannot be read; leave local out to read them`,
      node,
    );
    return new Stream(this.graph, this.origins) as Stream<never>;
  }
}
