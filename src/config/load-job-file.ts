/** Builds a job from the text of a JSON job file. */
import { dirname, resolve } from 'node:path';
import type { JobOptionsInput } from '../execution/options.ts';
import { PlanError, type PlanProblem } from '../model/index.ts';
import { defineJob, type JobDefinition } from '../plan/index.ts';
import { checkSideOutputs } from './check-side-outputs.ts';
import { checkTransforms } from './check-transforms.ts';
import { createConnectors } from './create-connectors.ts';
import { drawGraph } from './draw-graph.ts';
import type { JobFile } from './job-file.ts';
import type { LoadedJob } from './job-reference.ts';
import { loadNodeModules } from './load-node-modules.ts';
import { inspectJobFile, render } from './parse-job-file.ts';
import { type JsonPath, type Problem, problemsError } from './problem.ts';

/**
 * As {@link loadJob}, from the text of a JSON job file; `path` is absolute. Loads the modules that the job names. Connectors and
 * modules are looked at also where other parts of the file are wrong, so that all problems come at once.
 */
export async function loadJobFile(file: { readonly path: string; readonly text: string }): Promise<LoadedJob> {
  const { problems: found, sound: job, originalPath, placeOf } = inspectJobFile(file.text);
  const original = (problem: Problem): Problem => ({ ...problem, path: originalPath(problem.path) });
  const baseDirectory = dirname(file.path);
  const modules = await loadNodeModules(job, baseDirectory, resolve(baseDirectory, job.moduleRoot ?? '.'));
  const connectors = createConnectors(job);
  const later = [
    ...modules.problems,
    ...checkSideOutputs(job, modules.exports),
    ...checkTransforms(job),
    ...connectors.problems,
  ];
  const problems = [...found, ...later.map(original)];
  if (problems.length > 0) throw problemsError(file.path, render(problems, placeOf));
  const drawn = defineJob(job.name, (builder) => drawGraph(builder, job, connectors, modules.exports));
  const definition = withProblems(drawn, (inGraph) => {
    const placed = inGraph.map(({ node, message }) => original({ path: pathOfNode(job, node), message }));
    return problemsError(file.path, render(placed, placeOf));
  });
  const directory = job.state?.directory;
  return {
    definition,
    options: engineOptions(job),
    baseDirectory,
    stateDirectory: directory === undefined ? undefined : resolve(baseDirectory, directory),
  };
}

/** The same job; what is wrong with its graph is told as `errorOf` says. */
function withProblems(definition: JobDefinition, errorOf: (problems: readonly PlanProblem[]) => Error): JobDefinition {
  return Object.freeze({
    name: definition.name,
    build() {
      try {
        return definition.build();
      } catch (thrown) {
        throw thrown instanceof PlanError && thrown.problems.length > 0 ? errorOf(thrown.problems) : thrown;
      }
    },
  });
}

/** Nodes have the names of the file; one that a transform draws in front of itself has its input's, and a suffix. */
function pathOfNode(job: JobFile, node: string | undefined): JsonPath {
  const name = node?.split('/')[0];
  if (name === undefined) return [];
  const section = (['sources', 'transforms', 'sinks'] as const).find((key) => Object.hasOwn(job[key] ?? {}, name));
  return section === undefined ? [] : [section, name];
}

/** The keys of a job file that are options of the engine. The schema has checked them against the option table. */
function engineOptions(job: JobFile): JobOptionsInput {
  const { $schema, name, moduleRoot, sources, transforms, sinks, state, ...rest } = job;
  const { directory, ...stateOptions } = state ?? {};
  return { ...rest, state: stateOptions } as JobOptionsInput;
}
