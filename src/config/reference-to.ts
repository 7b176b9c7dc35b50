/** From what a user wrote (a path or a URL) to a job reference. Reads a JSON job file, once; loads nothing. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { OptionError } from '../model/index.ts';
import { JOB_FILE_BYTES_MAX, type JobReference } from './job-reference.ts';

const MODULE = /\.[cm]?[jt]s$/;

/**
 * `job` is a path (relative to the working directory) or a `file:` URL of a JSON job file or a module. Throws `OptionError`
 * with one sentence when it is neither or cannot be read.
 */
export async function referenceTo(job: URL | string): Promise<JobReference> {
  const path = pathOf(job);
  const isModule = MODULE.test(path);
  if (!isModule && !path.endsWith('.json')) {
    throw new OptionError(`${path} is no job: a job is a .json file or a module (.js, .mjs, .cjs, .ts, .mts, .cts)`);
  }
  const { isFile, size } = await describeFile(path);
  if (!isFile) throw new OptionError(`the job ${path} is not a file`);
  if (isModule) return { kind: 'module', url: pathToFileURL(path).href };
  if (size > JOB_FILE_BYTES_MAX) {
    throw new OptionError(
      `the job file ${path} has ${size} bytes, more than the ${JOB_FILE_BYTES_MAX} that it may have`,
    );
  }
  const bytes = await readFile(path).catch((error: unknown) => cannotRead(path, error));
  try {
    return { kind: 'file', path, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    throw new OptionError(`the job file ${path} is not valid UTF-8; save it as UTF-8`, [], { cause: error });
  }
}

function pathOf(job: URL | string): string {
  if (typeof job === 'string' && !/^[A-Za-z][A-Za-z0-9+.-]+:/.test(job)) return resolve(job);
  const url = new URL(job);
  if (url.protocol !== 'file:') throw new OptionError(`${url.href} is no file: URL; jobs are loaded from files only`);
  return fileURLToPath(url);
}

async function describeFile(path: string): Promise<{ isFile: boolean; size: number }> {
  const stats = await stat(path).catch((error: unknown) => cannotRead(path, error));
  return { isFile: stats.isFile(), size: stats.size };
}

function cannotRead(path: string, error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
  throw new OptionError(`the job ${path} ${reason}`, [], { code: 'ERR_JOB_FILE', cause: error });
}
