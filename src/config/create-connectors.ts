/** Sources and sinks of a job file. Connectors check their own options; what they refuse is reported with the path. */
import { type RandomStream, sinks, sources } from '../connectors/index.ts';
import { type Key, OptionError, type SinkConnector, type SourceConnector } from '../model/index.ts';
import { compileExpression, compileGeneratorExpression } from './expression/expression.ts';
import { recordOf } from './expression/record-of.ts';
import type {
  FileSinkConfig,
  FileSourceConfig,
  GeneratorSourceConfig,
  JobFile,
  SinkConfig,
  SourceConfig,
} from './job-file.ts';
import { formatPath, type JsonPath, type Problem } from './problem.ts';

export interface Connectors {
  readonly sources: ReadonlyMap<string, SourceConnector>;
  readonly sinks: ReadonlyMap<string, SinkConnector>;
  readonly problems: readonly Problem[];
}

export function createConnectors(job: JobFile): Connectors {
  const problems: Problem[] = [];
  const create = <C, T>(
    section: string,
    configs: Readonly<Record<string, C>>,
    make: (config: C, path: JsonPath) => T,
  ) => {
    const made = new Map<string, T>();
    for (const [name, config] of Object.entries(configs)) {
      const path = [section, name];
      try {
        made.set(name, make(config, path));
      } catch (error) {
        if (!(error instanceof OptionError)) throw error;
        problems.push(...problemsOf(error, path));
      }
    }
    return made;
  };
  return {
    sources: create('sources', job.sources, createSource),
    sinks: create('sinks', job.sinks, createSink),
    problems,
  };
}

const NAMED_PROBLEM = /^(?:sources|sinks)\.\w+: ([\w.]+): (.+)$/s;

/** Connectors name the option of each problem: it stands in the file under the same name. */
function problemsOf(error: OptionError, path: JsonPath): readonly Problem[] {
  const sentences = error.problems.length === 0 ? [error.message] : error.problems;
  return sentences.map((sentence) => {
    const [, option, message] = NAMED_PROBLEM.exec(sentence) ?? [];
    if (option === undefined || message === undefined) return { path, message: sentence };
    return { path: [...path, ...option.split('.')], message };
  });
}

function createSource(config: SourceConfig, path: JsonPath): SourceConnector {
  return config.type === 'file' ? createFileSource(config) : createGenerator(config, path);
}

function createFileSource({ type: _, eventTime: __, csv, ...options }: FileSourceConfig): SourceConnector {
  return sources.file(withoutUndefined({ ...options, csv: csv === undefined ? undefined : withoutUndefined(csv) }));
}

function createGenerator(config: GeneratorSourceConfig, path: JsonPath): SourceConnector {
  const { type: _, eventTime: __, fields, value, ...schedule } = config;
  return sources.generator({
    ...withoutUndefined(schedule),
    create: generatorFunction(fields, value ?? 'index', path),
  });
}

function generatorFunction(
  fields: Readonly<Record<string, string>> | undefined,
  value: string,
  path: JsonPath,
): (index: number, random: RandomStream) => unknown {
  if (fields === undefined) {
    const { evaluate } = compileGeneratorExpression(value, formatPath([...path, 'value']));
    return (index, random) => evaluate(index, () => random.next());
  }
  const compiled = Object.entries(fields).map(([name, source]) => ({
    name,
    evaluate: compileGeneratorExpression(source, formatPath([...path, 'fields', name])).evaluate,
  }));
  return (index, random) => {
    const draw = (): number => random.next();
    return recordOf(compiled, ({ evaluate }) => evaluate(index, draw));
  };
}

function createSink(config: SinkConfig, path: JsonPath): SinkConnector {
  switch (config.type) {
    case 'file':
      return createFileSink(config);
    case 'console': {
      const { format, stamp, stream } = config;
      return sinks.console(withoutUndefined({ format, stamp, stream }));
    }
    case 'table': {
      const key = compileExpression(config.key, formatPath([...path, 'key']), 'key');
      return sinks.table(
        withoutUndefined({ name: config.name, key: (row: unknown) => key.evaluate(row) as Key }),
      ) as SinkConnector;
    }
    case 'discard':
      return sinks.discard();
  }
}

function createFileSink({ path, format, rotate, ifExists }: FileSinkConfig): SinkConnector {
  return sinks.file(withoutUndefined({ path, format, rotate, ifExists }));
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Connectors tell "absent" from "undefined" no better than JSON does: absent keys stay absent. */
function withoutUndefined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
