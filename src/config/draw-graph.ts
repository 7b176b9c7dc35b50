/**
 * Draws the graph of a checked job file with the same builder that TypeScript jobs use, so that both give the same plan.
 * Names of the file become node ids.
 */
import type { AsyncCall, JoinType } from '../operators/index.ts';
import type { JobBuilder, KeyedStream, SideStream, Stream } from '../plan/index.ts';
import { nodeOf } from './check-graph.ts';
import type { Connectors } from './create-connectors.ts';
import { eventTimeOf } from './event-time-of.ts';
import { compileExpression } from './expression/expression.ts';
import { recordOf } from './expression/record-of.ts';
import { expressionsOf, resultsOf } from './expressions-of.ts';
import { inputsOf } from './inputs-of.ts';
import type {
  AggregateConfig,
  AsyncMapConfig,
  DeduplicateConfig,
  ExchangeConfig,
  FlatMapConfig,
  JobFile,
  JoinConfig,
  MapConfig,
  ProcessConfig,
  SourceConfig,
  SplitConfig,
  TransformConfig,
} from './job-file.ts';
import {
  aggregatorsOf,
  asyncMapOptionsOf,
  broadcastJoinOptionsOf,
  deduplicateOptionsOf,
  keyOf,
  pathOf,
  predicateOf,
  type Row,
  streamJoinOptionsOf,
  tableJoinOptionsOf,
  windowJoinOptionsOf,
  windowOf,
  windowOptionsOf,
  wrongResult,
} from './transform-options.ts';

type Operates = Exclude<TransformConfig, ExchangeConfig>;

/** Runs inside `defineJob`. `modules` holds the loaded export of each transform that names a module. */
export function drawGraph(
  builder: JobBuilder,
  job: JobFile,
  connectors: Pick<Connectors, 'sources' | 'sinks'>,
  modules: ReadonlyMap<string, unknown>,
): void {
  const drawing = new Drawing(modules);
  for (const [name, connector] of connectors.sources) {
    const config = job.sources[name]!;
    const source = builder.source<Row>(name, connector).expressedBy(expressionsOf(config));
    drawing.outputs.set(name, withEventTime(source, name, config));
  }
  for (const name of inOrderOfInputs(job)) drawing.transform(name, job.transforms![name]!);
  for (const [name, config] of Object.entries(job.sinks)) {
    const { parallelism } = config;
    const stream = drawing.merged(config.inputs);
    const expressions = expressionsOf(config);
    stream.to(name, connectors.sinks.get(name)!, {
      expressions,
      ...(parallelism === undefined ? {} : { parallelism }),
    });
  }
}

function withEventTime(
  source: ReturnType<JobBuilder['source']>,
  name: string,
  { eventTime }: SourceConfig,
): Stream<Row> {
  if (eventTime === undefined) return source;
  const { outOfOrderMs, idleTimeoutMs } = eventTime;
  return source.withEventTime(eventTimeOf(eventTime, ['sources', name, 'eventTime']), {
    outOfOrderMs,
    idleTimeoutMs: idleTimeoutMs === 'never' ? Number.POSITIVE_INFINITY : idleTimeoutMs,
  });
}

class Drawing {
  /** By name as written in `inputs`. */
  readonly outputs = new Map<string, Stream<Row>>();
  readonly #processes = new Map<string, SideStream<Row, Record<string, Row>>>();
  readonly #modules: ReadonlyMap<string, unknown>;

  constructor(modules: ReadonlyMap<string, unknown>) {
    this.#modules = modules;
  }

  merged(inputs: readonly string[]): Stream<Row> {
    const [first, ...rest] = inputs.map((input) => this.#output(input));
    return rest.length === 0 ? first! : first!.merge(...rest);
  }

  #output(input: string): Stream<Row> {
    const stream = this.outputs.get(input);
    if (stream !== undefined) return stream;
    const node = nodeOf(input);
    return this.#processes.get(node)!.side(input.slice(node.length + 1));
  }

  transform(name: string, config: TransformConfig): void {
    if ('left' in config) {
      this.#join(name, config);
      return;
    }
    const input = this.merged(config.inputs);
    switch (config.type) {
      case 'merge':
        this.outputs.set(name, input);
        break;
      case 'rebalance':
        this.outputs.set(name, input.rebalance());
        break;
      case 'broadcast':
        this.outputs.set(name, input.broadcast());
        break;
      case 'filter':
        this.#operator(name, config, input.filter(predicateOf(config.where, name, 'where')));
        break;
      case 'map':
        this.#operator(name, config, input.map(this.#mapping(name, config)));
        break;
      case 'flatMap':
        this.#operator(name, config, input.flatMap(this.#expansion(name, config)));
        break;
      case 'split':
        this.#split(name, config, input);
        break;
      case 'aggregate':
        this.#aggregate(name, config, input);
        break;
      case 'deduplicate':
        this.#deduplicate(name, config, input);
        break;
      case 'asyncMap':
        this.#asyncMap(name, config, input);
        break;
      case 'process':
        this.#process(name, config, input);
    }
  }

  #operator(name: string, config: Operates, stream: Stream<Row>): void {
    const { parallelism } = config;
    stream.named(name).expressedBy(expressionsOf(config), resultsOf(config));
    if (parallelism !== undefined) stream.withParallelism(parallelism);
    this.outputs.set(name, stream);
  }

  #split(name: string, config: SplitConfig, input: Stream<Row>): void {
    const predicates = Object.fromEntries(
      Object.entries(config.routes).map(([route, source]) => [route, predicateOf(source, name, 'routes', route)]),
    );
    const streams: Readonly<Record<string, Stream<Row>>> = input.split(predicates);
    this.#operator(name, config, streams['rest']!);
    for (const [route, stream] of Object.entries(streams)) this.outputs.set(`${name}.${route}`, stream);
  }

  #aggregate(name: string, config: AggregateConfig, input: Stream<Row>): void {
    const records = keyed(input, config.key, name);
    const fields = aggregatorsOf(name, config);
    if (config.window === undefined) {
      this.#operator(name, config, records.aggregate(fields));
      return;
    }
    const windowed = records.window(windowOf(name, config.window), windowOptionsOf(config));
    if (config.local === true) {
      this.#operator(name, config, windowed.aggregate(fields, { local: true }));
      return;
    }
    const rows = windowed.aggregate(fields);
    this.#operator(name, config, rows);
    this.outputs.set(`${name}.late`, rows.side('late'));
  }

  #join(name: string, config: JoinConfig): void {
    const [left, right] = [this.merged(config.left.inputs), this.merged(config.right.inputs)];
    if (config.type === 'broadcastJoin') {
      this.#operator(name, config, left.joinBroadcast(right, broadcastJoinOptionsOf(name, config)));
      return;
    }
    const joined = joinedStreams(name, config, keyed(left, config.left.key, name, 'left'), [right, config.right.key]);
    this.#operator(name, config, joined);
    this.outputs.set(`${name}.late`, joined.side('late'));
  }

  #deduplicate(name: string, config: DeduplicateConfig, input: Stream<Row>): void {
    const records = keyed(input, config.key, name);
    const options = deduplicateOptionsOf(config);
    if (options.scope !== 'watermark') {
      this.#operator(name, config, records.deduplicate(options).unkeyed());
      return;
    }
    const first = records.deduplicate(options);
    this.#operator(name, config, first.unkeyed());
    this.outputs.set(`${name}.late`, first.side('late').unkeyed());
  }

  #asyncMap(name: string, config: AsyncMapConfig, input: Stream<Row>): void {
    type Call = (record: Row, call: AsyncCall) => Promise<Row>;
    const call = this.#modules.get(name) as Call;
    const { onFailure, ...options } = asyncMapOptionsOf(config);
    if (onFailure !== 'side') {
      this.#operator(name, config, input.asyncMap(call, { ...options, onFailure }));
      return;
    }
    const results = input.asyncMap(call, { ...options, onFailure });
    this.#operator(name, config, results);
    this.outputs.set(`${name}.failed`, results.side('failed'));
  }

  #process(name: string, config: ProcessConfig, input: Stream<Row>): void {
    type Definition = Parameters<KeyedStream<Row, string>['process']>[0];
    const definition = this.#modules.get(name) as Definition;
    const stream = keyed(input, config.key, name).process(definition) as SideStream<Row, Record<string, Row>>;
    this.#operator(name, config, stream);
    this.#processes.set(name, stream);
  }

  #mapping(name: string, { fields, value }: MapConfig): (record: Row) => Row {
    if (fields !== undefined) {
      const compiled = Object.entries(fields).map(([field, source]) => ({
        name: field,
        evaluate: compileExpression(source, pathOf(name, 'fields', field)).evaluate,
      }));
      return (record) => recordOf(compiled, ({ evaluate }) => evaluate(record));
    }
    if (value !== undefined) return compileExpression(value, pathOf(name, 'value')).evaluate;
    return this.#modules.get(name) as (record: Row) => Row;
  }

  #expansion(name: string, { list }: FlatMapConfig): (record: Row) => Iterable<Row> {
    if (list === undefined) return this.#modules.get(name) as (record: Row) => Iterable<Row>;
    const path = pathOf(name, 'list');
    const { evaluate } = compileExpression(list, path, 'list');
    return (record) => {
      const result = evaluate(record);
      if (Array.isArray(result) || result instanceof Set) return result as Iterable<Row>;
      throw wrongResult(path, list, 'a list', result);
    };
  }
}

function joinedStreams(
  name: string,
  config: Exclude<JoinConfig, { readonly type: 'broadcastJoin' }>,
  left: KeyedStream<Row, string>,
  [right, rightKey]: readonly [Stream<Row>, string],
): SideStream<Row, { readonly late: Row }> {
  const other = keyed(right, rightKey, name, 'right');
  switch (config.type) {
    case 'join':
      return left.join<Row, JoinType, Row>(other, streamJoinOptionsOf(name, config));
    case 'windowJoin':
      return left.windowJoin<Row, JoinType, Row>(other, windowJoinOptionsOf(name, config));
    default:
      return left.joinTable<Row, 'inner' | 'left', Row>(other, tableJoinOptionsOf(name, config));
  }
}

function keyed(input: Stream<Row>, key: string, name: string, ...side: readonly string[]): KeyedStream<Row, string> {
  return input.keyBy(keyOf(key, name, ...side, 'key'));
}

/** Names of the transforms, each behind the transforms it reads; otherwise in the order of the file. There are no cycles. */
function inOrderOfInputs({ transforms = {} }: JobFile): readonly string[] {
  const order = new Set<string>();
  const place = (name: string): void => {
    if (order.has(name)) return;
    for (const { text } of inputsOf(transforms[name])) if (Object.hasOwn(transforms, nodeOf(text))) place(nodeOf(text));
    order.add(name);
  };
  for (const name of Object.keys(transforms)) place(name);
  return [...order];
}
