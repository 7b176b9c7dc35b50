/**
 * Draws the graph of a checked job file with the same builder that TypeScript jobs use, so that both give the same plan.
 * Names of the file become node ids.
 */
import { OperatorError } from '../model/index.ts';
import type { Aggregator } from '../operators/index.ts';
import type { JobBuilder, KeyedStream, SideStream, Stream } from '../plan/index.ts';
import { nodeOf } from './check-graph.ts';
import type { Connectors } from './create-connectors.ts';
import { compileAggregate } from './expression/aggregate-expression.ts';
import { compileExpression } from './expression/expression.ts';
import { recordOf } from './expression/record-of.ts';
import { expressionsOf } from './expressions-of.ts';
import type {
  AggregateConfig,
  ExchangeConfig,
  FlatMapConfig,
  JobFile,
  MapConfig,
  ProcessConfig,
  SplitConfig,
  TransformConfig,
} from './job-file.ts';
import { formatPath } from './problem.ts';

type Row = unknown;

/** Runs inside `defineJob`. `modules` holds the loaded export of each transform that names a module. */
export function drawGraph(
  builder: JobBuilder,
  job: JobFile,
  connectors: Pick<Connectors, 'sources' | 'sinks'>,
  modules: ReadonlyMap<string, unknown>,
): void {
  const drawing = new Drawing(modules);
  for (const [name, connector] of connectors.sources) {
    drawing.outputs.set(name, builder.source<Row>(name, connector).expressedBy(expressionsOf(job.sources[name]!)));
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

class Drawing {
  /** By name as written in `inputs`. */
  readonly outputs = new Map<string, Stream<Row>>();
  readonly #processes = new Map<string, SideStream<Row, Record<string, never>>>();
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
        this.#operator(name, config, input.filter(this.#predicate(config.where, name, 'where')));
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
        this.#operator(name, config, this.#keyed(input, config.key, name).aggregate(this.#aggregates(name, config)));
        break;
      case 'process':
        this.#process(name, config, input);
    }
  }

  #operator(name: string, config: Exclude<TransformConfig, ExchangeConfig>, stream: Stream<Row>): void {
    const { parallelism } = config;
    stream.named(name).expressedBy(expressionsOf(config));
    if (parallelism !== undefined) stream.withParallelism(parallelism);
    this.outputs.set(name, stream);
  }

  #split(name: string, config: SplitConfig, input: Stream<Row>): void {
    const predicates = Object.fromEntries(
      Object.entries(config.routes).map(([route, source]) => [route, this.#predicate(source, name, 'routes', route)]),
    );
    const streams: Readonly<Record<string, Stream<Row>>> = input.split(predicates);
    this.#operator(name, config, streams['rest']!);
    for (const [route, stream] of Object.entries(streams)) this.outputs.set(`${name}.${route}`, stream);
  }

  #process(name: string, config: ProcessConfig, input: Stream<Row>): void {
    type Definition = Parameters<KeyedStream<Row, string>['process']>[0];
    const keyed = this.#keyed(input, config.key, name);
    const stream = keyed.process(this.#modules.get(name) as Definition) as SideStream<Row, Record<string, never>>;
    this.#operator(name, config, stream);
    this.#processes.set(name, stream);
  }

  #keyed(input: Stream<Row>, key: string, name: string): KeyedStream<Row, string> {
    const { evaluate } = compileExpression(key, pathOf(name, 'key'), 'key');
    // keyBy checks that the value can be a key.
    return input.keyBy((record) => evaluate(record) as string);
  }

  #predicate(source: string, name: string, ...field: readonly string[]): (record: Row) => boolean {
    const path = pathOf(name, ...field);
    const { evaluate } = compileExpression(source, path, 'bool');
    return (record) => {
      const result = evaluate(record);
      if (typeof result === 'boolean') return result;
      throw wrongResult(path, source, 'true or false', result);
    };
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

  #aggregates(name: string, { values }: AggregateConfig): Record<string, Aggregator<Row, unknown, unknown>> {
    const entries = Object.entries(values).map(
      ([field, source]) => [field, compileAggregate(source, pathOf(name, 'values', field))] as const,
    );
    return Object.fromEntries(entries);
  }
}

/** Names of the transforms, each behind the transforms it reads; otherwise in the order of the file. There are no cycles. */
function inOrderOfInputs({ transforms = {} }: JobFile): readonly string[] {
  const order = new Set<string>();
  const place = (name: string): void => {
    if (order.has(name)) return;
    for (const input of transforms[name]!.inputs) if (Object.hasOwn(transforms, nodeOf(input))) place(nodeOf(input));
    order.add(name);
  };
  for (const name of Object.keys(transforms)) place(name);
  return [...order];
}

function pathOf(name: string, ...field: readonly string[]): string {
  return formatPath(['transforms', name, ...field]);
}

function wrongResult(path: string, source: string, wanted: string, result: unknown): OperatorError {
  const got = result === null ? 'null' : Array.isArray(result) ? 'a list' : typeof result;
  return new OperatorError(
    `${path}: the expression ${JSON.stringify(source)} must yield ${wanted}, but it yielded ${got}`,
    {
      code: 'ERR_EXPRESSION',
    },
  );
}
