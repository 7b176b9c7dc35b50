/** Random jobs for properties of plans: any shape the builder allows, with and without parallelism of its own. */
import fc from 'fast-check';
import { aggregates, records, windows } from '../../src/operators/index.ts';
import { defineJob, type JobBuilder, type JobDefinition, type KeyedStream, type Stream } from '../../src/plan/index.ts';
import { fakeSink, fakeSource } from './fake-connectors.ts';

type Any = Stream<unknown>;
type Keyed = KeyedStream<unknown, string>;

const STEPS = [
  'source',
  'map',
  'filter',
  'flatMap',
  'keyBy',
  'merge',
  'split',
  'rebalance',
  'broadcast',
  'aggregate',
  'process',
  'window',
  'join',
  'joinBroadcast',
  'deduplicate',
  'asyncMap',
] as const;

interface Step {
  readonly kind: (typeof STEPS)[number];
  /** Which streams it works on, modulo their number. */
  readonly first: number;
  readonly second: number;
  readonly parallelism: number | undefined;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...STEPS),
  first: fc.nat(100),
  second: fc.nat(100),
  parallelism: fc.constantFrom(undefined, undefined, undefined, 1, 2, 3),
});

export const randomJob: fc.Arbitrary<JobDefinition> = fc
  .array(step, { maxLength: 14 })
  .map((steps) => defineJob('random', (job) => new RandomGraph(job).grow(steps)));

class RandomGraph {
  readonly #job: JobBuilder;
  readonly #streams: Any[] = [];
  readonly #keyed: Keyed[] = [];
  readonly #read = new Set<Any | Keyed>();
  #sources = 0;

  constructor(job: JobBuilder) {
    this.#job = job;
  }

  grow(steps: readonly Step[]): void {
    this.#source(undefined);
    for (const each of steps) this.#take(each);
    const open = [...this.#streams, ...this.#keyed].filter((stream) => !this.#read.has(stream));
    for (const [i, stream] of open.entries()) stream.to(`sink-${i}`, fakeSink());
  }

  #take(step: Step): void {
    if (step.kind === 'source') this.#source(step.parallelism);
    else if (this.#keyed.length > 0 && step.second % 2 === 0) this.#takeKeyed(step);
    else this.#takeUnkeyed(step);
  }

  #source(parallelism: number | undefined): void {
    const source = this.#job.source(`source-${this.#sources++}`, fakeSource()).withEventTime(() => 0);
    this.#streams.push(sized(source, parallelism));
  }

  #takeUnkeyed({ kind, first, second, parallelism }: Step): void {
    const stream = this.#use(this.#streams, first);
    if (kind === 'map' || kind === 'aggregate' || kind === 'window' || kind === 'deduplicate')
      this.#streams.push(
        sized(
          stream.map((x) => x),
          parallelism,
        ),
      );
    else if (kind === 'filter' || kind === 'process')
      this.#streams.push(
        sized(
          stream.filter(() => true),
          parallelism,
        ),
      );
    else if (kind === 'flatMap')
      this.#streams.push(
        sized(
          stream.flatMap((x) => [x]),
          parallelism,
        ),
      );
    else if (kind === 'keyBy') this.#keyed.push(sized(stream.keyBy(String), parallelism));
    else if (kind === 'merge') this.#streams.push(stream.merge(this.#use(this.#streams, second)));
    else if (kind === 'rebalance') this.#streams.push(stream.rebalance());
    else if (kind === 'joinBroadcast' || kind === 'join') {
      const table = this.#use(this.#streams, second);
      this.#streams.push(sized(stream.joinBroadcast(table, { leftKey: String, rightKey: String }), parallelism));
    } else if (kind === 'asyncMap') this.#streams.push(sized(stream.asyncMap(asks), parallelism));
    else if (kind === 'broadcast') this.#streams.push(stream.broadcast());
    else if (kind === 'split') {
      const { odd, rest } = stream.split({ odd: () => false });
      this.#streams.push(odd, rest);
    }
  }

  #takeKeyed({ kind, first, second, parallelism }: Step): void {
    const stream = this.#use(this.#keyed, first);
    if (kind === 'map' || kind === 'rebalance')
      this.#keyed.push(
        sized(
          stream.map((x) => x),
          parallelism,
        ),
      );
    else if (kind === 'filter' || kind === 'broadcast')
      this.#keyed.push(
        sized(
          stream.filter(() => true),
          parallelism,
        ),
      );
    else if (kind === 'flatMap')
      this.#keyed.push(
        sized(
          stream.flatMap((x) => [x]),
          parallelism,
        ),
      );
    else if (kind === 'keyBy') this.#keyed.push(sized(stream.keyBy(String), parallelism));
    else if (kind === 'merge') this.#keyed.push(stream.merge(this.#use(this.#keyed, second)));
    else if (kind === 'aggregate') this.#streams.push(sized(stream.aggregate({ n: aggregates.count() }), parallelism));
    else if (kind === 'window') this.#window(stream, second, parallelism);
    else if (kind === 'join') {
      const joined = stream.join(this.#use(this.#keyed, second), { within: { beforeMs: 0, afterMs: 10 } });
      this.#streams.push(sized(joined, parallelism), joined.side('late'));
    } else if (kind === 'joinBroadcast') {
      const table = this.#use(this.#streams, second);
      this.#keyed.push(sized(stream.joinBroadcast(table, { leftKey: String, rightKey: String }), parallelism));
    } else if (kind === 'deduplicate') this.#keyed.push(sized(stream.deduplicate({ scope: 'forever' }), parallelism));
    else if (kind === 'asyncMap') this.#keyed.push(sized(stream.asyncMap(asks), parallelism));
    else if (kind === 'process') {
      const main = stream.process({ emits: records<unknown>(), sides: { odd: records<unknown>() }, process() {} });
      this.#streams.push(sized(main, parallelism), main.side('odd'));
    } else if (kind === 'split') {
      const { odd, rest } = stream.split({ odd: () => false });
      this.#keyed.push(odd, rest);
    }
  }

  #window(stream: Keyed, second: number, parallelism: number | undefined): void {
    const windowed = stream.window(windows.tumbling({ sizeMs: 10 }));
    const fields = { n: aggregates.count() };
    if (second % 3 === 0) {
      this.#streams.push(sized(windowed.aggregate(fields, { local: true }), parallelism));
      return;
    }
    const rows = windowed.aggregate(fields);
    this.#streams.push(sized(rows, parallelism), rows.side('late'));
  }

  #use<S extends Any | Keyed>(streams: readonly S[], index: number): S {
    const stream = streams[index % streams.length]!;
    this.#read.add(stream);
    return stream;
  }
}

function sized<S extends Any | Keyed>(stream: S, parallelism: number | undefined): S {
  if (parallelism !== undefined) stream.withParallelism(parallelism);
  return stream;
}

function asks(value: unknown): Promise<unknown> {
  return Promise.resolve(value);
}
