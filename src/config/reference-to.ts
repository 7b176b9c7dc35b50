/**
 * From what a user names a job by to the reference that all its threads get. Reads a job file once, here.
 */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { OptionError } from '../model/index.ts';
import type { JobReference } from './job-reference.ts';
import { JOB_FILE_BYTES_MAX } from './parse-job-file.ts';

/**
 * `job`: a `file:` URL, or a path relative to the working directory; `.json` is a job file, everything else a module. A URL's
 * fragment names the export of a module. Throws `OptionError` when there is no such file.
 */
export async function referenceTo(job: URL | string): Promise<JobReference> {
  const url = typeof job === 'string' ? pathToFileURL(resolve(job)) : job;
  if (url.protocol !== 'file:') {
    throw new OptionError(`a job is named by a path or a file: URL, not by ${url.protocol} (${url.href})`);
  }
  const bare = new URL(url);
  bare.hash = '';
  const path = fileURLToPath(bare);
  const bytes = await sizeOf(path);
  if (!path.endsWith('.json')) {
    const exportName = url.hash === '' ? undefined : decodeURIComponent(url.hash.slice(1));
    return { kind: 'module', url: bare.href, exportName };
  }
  if (bytes > JOB_FILE_BYTES_MAX) {
    throw new OptionError(`${path} has ${bytes} bytes; a job file has at most ${JOB_FILE_BYTES_MAX}`);
  }
  return { kind: 'file', path, text: await readFile(path, 'utf8') };
}

async function sizeOf(path: string): Promise<number> {
  try {
    const { size, isFile } = await stat(path).then((found) => ({ size: found.size, isFile: found.isFile() }));
    if (isFile) return size;
  } catch (cause) {
    throw new OptionError(`there is no job at ${path}: ${(cause as Error).message}`, [], { cause });
  }
  throw new OptionError(`${path} is no file; name a JSON job file or a job module`);
}
