/** Loads the modules that a job file names, and checks that each exports what its node needs. */
import { OptionError } from '../model/index.ts';
import type { JobFile, TransformConfig } from './job-file.ts';
import { loadModule, ownExport } from './load-module.ts';
import { locateModule } from './module-reference.ts';
import type { Problem } from './problem.ts';

export interface NodeModules {
  /** The export by name of the transform. */
  readonly exports: ReadonlyMap<string, unknown>;
  readonly problems: readonly Problem[];
}

export async function loadNodeModules(job: JobFile, baseDirectory: string, moduleRoot: string): Promise<NodeModules> {
  const exports = new Map<string, unknown>();
  const problems: Problem[] = [];
  for (const [name, transform] of Object.entries(job.transforms ?? {})) {
    if (!('module' in transform) || transform.module === undefined) continue;
    const path = ['transforms', name, 'module'];
    const location = locateModule(transform.module, baseDirectory, moduleRoot);
    if ('problem' in location) {
      problems.push({ path, message: location.problem });
      continue;
    }
    try {
      const value = ownExport(await loadModule(location.url), transform.export ?? 'default', transform.module);
      const refusal = refuseExport(transform, value);
      if (refusal === undefined) exports.set(name, value);
      else problems.push({ path, message: refusal });
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      problems.push({ path, message: error.message });
    }
  }
  return { exports, problems };
}

function refuseExport(
  transform: TransformConfig & { readonly module?: string | undefined },
  value: unknown,
): string | undefined {
  if (typeof value === 'function') return undefined;
  const isDefinition =
    typeof value === 'object' && value !== null && 'process' in value && typeof value.process === 'function';
  if (transform.type === 'process' && isDefinition) return undefined;
  const wanted =
    transform.type === 'process' ? 'a process definition, or a function that makes one' : 'a function of the record';
  return `the export of ${transform.module} must be ${wanted}`;
}
