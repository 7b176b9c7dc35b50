/**
 * Loads a job by reference: the same call in the driver and every worker, so that all build the same plan (I9).
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OptionError } from '../model/index.ts';
import type { JobDefinition } from '../plan/index.ts';
import type { JobPlace, JobReference, LoadedJob } from './job-reference.ts';
import { loadModule, ownExport } from './load-module.ts';

/** Throws `OptionError` that lists everything wrong with the job. Nothing is opened, written or started. */
export async function loadJob(reference: JobReference): Promise<LoadedJob> {
  const loaded = await loadPlace(reference);
  const { rehearsal } = reference;
  if (rehearsal === undefined) return loaded;
  const { rehearse } = await import('./rehearse.ts');
  return { ...loaded, definition: rehearse(loaded.definition, rehearsal) };
}

async function loadPlace(reference: JobPlace): Promise<LoadedJob> {
  switch (reference.kind) {
    case 'file': {
      // Schemas and expressions take longer to load than all the rest: jobs that are modules do without.
      const { loadJobFile } = await import('./load-job-file.ts');
      return loadJobFile(reference);
    }
    case 'module':
      return loadJobModule(reference.url, reference.exportName);
  }
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
