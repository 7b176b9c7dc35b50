/**
 * What the operators themselves find wrong with the options that a job file gives them, and the schema cannot say: a slide above its size, an
 * unknown time zone, aggregates that cannot be merged. Asked here too, so that such problems come with all others and with their path.
 */
import {
  asyncMapBlueprint,
  broadcastJoinBlueprint,
  deduplicateBlueprint,
  localWindowBlueprints,
  type OperatorBlueprint,
  streamJoinBlueprint,
  tableJoinBlueprint,
  windowBlueprint,
  windowJoinBlueprint,
} from '../operators/index.ts';
import type { AggregateConfig, JobFile, TransformConfig, WindowConfig } from './job-file.ts';
import type { Problem } from './problem.ts';
import {
  aggregatorsOf,
  asyncMapOptionsOf,
  broadcastJoinOptionsOf,
  deduplicateOptionsOf,
  streamJoinOptionsOf,
  tableJoinOptionsOf,
  windowJoinOptionsOf,
  windowOf,
  windowOptionsOf,
} from './transform-options.ts';

/** `job`: its sound parts, whose expressions compile. */
export function checkTransforms(job: JobFile): readonly Problem[] {
  return Object.entries(job.transforms ?? {}).flatMap(([name, config]) => {
    const path = config.type === 'aggregate' ? ['transforms', name, 'window'] : ['transforms', name];
    return (blueprintOf(name, config)?.problems ?? []).map((message) => ({ path, message }));
  });
}

/** `undefined` for transforms without options of that kind. */
function blueprintOf(name: string, config: TransformConfig): OperatorBlueprint | undefined {
  switch (config.type) {
    case 'aggregate':
      return config.window === undefined ? undefined : windowOfAggregate(name, { ...config, window: config.window });
    case 'join':
      return streamJoinBlueprint(streamJoinOptionsOf(name, config));
    case 'windowJoin':
      return windowJoinBlueprint(windowJoinOptionsOf(name, config));
    case 'tableJoin':
      return tableJoinBlueprint(tableJoinOptionsOf(name, config));
    case 'broadcastJoin':
      return broadcastJoinBlueprint(broadcastJoinOptionsOf(name, config));
    case 'deduplicate':
      return deduplicateBlueprint(deduplicateOptionsOf(config));
    case 'asyncMap':
      // Whether the module exports a function has been looked at where it was loaded.
      return asyncMapBlueprint(() => Promise.resolve(), asyncMapOptionsOf(config));
    default:
      return undefined;
  }
}

function windowOfAggregate(
  name: string,
  config: AggregateConfig & { readonly window: WindowConfig },
): OperatorBlueprint {
  const [definition, fields, options] = [
    windowOf(name, config.window),
    aggregatorsOf(name, config),
    windowOptionsOf(config),
  ];
  return config.local === true
    ? localWindowBlueprints(definition, fields, options).window
    : windowBlueprint(definition, fields, options);
}
