/**
 * Loads a job by reference: the same call in the host, the driver and every worker, so that all build the same plan (I9).
 */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobOptionsInput } from '../execution/options.ts';
import { OptionError } from '../model/index.ts';
import { defineJob, type JobDefinition } from '../plan/index.ts';
import { createConnectors } from './create-connectors.ts';
import { drawGraph } from './draw-graph.ts';
import type { JobFile } from './job-file.ts';
import type { JobReference, LoadedJob } from './job-reference.ts';
import { loadModule, ownExport } from './load-module.ts';
import { loadNodeModules } from './load-node-modules.ts';
import { parseJobFile, render } from './parse-job-file.ts';
import { problemsError } from './problem.ts';

/** Throws `OptionError` that lists everything wrong with the job. Nothing is opened, written or started. */
export async function loadJob(reference: JobReference): Promise<LoadedJob> {
  switch (reference.kind) {
    case 'file':
      return loadJobFile(reference);
    case 'module':
      return loadJobModule(reference.url, reference.exportName);
  }
}

/** As {@link loadJob}, from the text of a JSON job file; `path` is absolute. Loads the modules that the job names. */
export async function loadJobFile(file: { readonly path: string; readonly text: string }): Promise<LoadedJob> {
  const { job, placeOf } = parseJobFile(file.text, file.path);
  const baseDirectory = dirname(file.path);
  const moduleRoot = resolve(baseDirectory, job.moduleRoot ?? '.');
  const modules = await loadNodeModules(job, baseDirectory, moduleRoot);
  const connectors = createConnectors(job);
  const problems = [...modules.problems, ...connectors.problems];
  if (problems.length > 0) throw problemsError(file.path, render(problems, placeOf));
  const definition = defineJob(job.name, (builder) => drawGraph(builder, job, connectors, modules.exports));
  const directory = job.state?.directory;
  return {
    definition,
    options: engineOptions(job),
    baseDirectory,
    stateDirectory: directory === undefined ? undefined : resolve(baseDirectory, directory),
  };
}

/**
 * As {@link loadJob}, from a module: the export `exportName` must be a job definition; an export `options` may hold
 * engine options.
 */
export async function loadJobModule(url: string, exportName = 'default'): Promise<LoadedJob> {
  const exports = await loadModule(url);
  const path = fileURLToPath(url);
  const definition = ownExport(exports, exportName, path);
  if (!isJobDefinition(definition)) {
    throw new OptionError(
      `the export ${JSON.stringify(exportName)} of ${path} is no job; it must be what defineJob(...) returns`,
      [],
      { code: 'ERR_MODULE' },
    );
  }
  const options: unknown = Object.hasOwn(exports, 'options') ? exports['options'] : {};
  if (typeof options !== 'object' || options === null) {
    throw new OptionError(`the export "options" of ${path} must be an object with options of the job`, [], {
      code: 'ERR_MODULE',
    });
  }
  return { definition, options, baseDirectory: dirname(path) };
}

function isJobDefinition(value: unknown): value is JobDefinition {
  if (typeof value !== 'object' || value === null) return false;
  const { name, build } = value as { readonly name?: unknown; readonly build?: unknown };
  return typeof name === 'string' && typeof build === 'function';
}

/** The keys of a job file that are options of the engine. The schema has checked them against the option table. */
function engineOptions(job: JobFile): JobOptionsInput {
  const { $schema, name, moduleRoot, sources, transforms, sinks, state, ...rest } = job;
  const { directory, ...stateOptions } = state ?? {};
  return { ...rest, state: stateOptions } as JobOptionsInput;
}
