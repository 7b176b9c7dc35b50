/**
 * From `"./score.js"` in a job file to a file that may be loaded (S13): relative, with an extension of code, really inside
 * the module root after all symbolic links are followed.
 */
import { realpathSync, statSync } from 'node:fs';
import { extname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const EXTENSIONS: readonly string[] = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];

export type ModuleLocation = { readonly url: string } | { readonly problem: string };

/** Reads the file system, loads nothing. Both directories are absolute. */
export function locateModule(reference: string, baseDirectory: string, moduleRoot: string): ModuleLocation {
  const refusal = refuseReference(reference);
  if (refusal !== undefined) return { problem: refusal };
  let file: string;
  let root: string;
  try {
    root = realpathSync(moduleRoot);
  } catch (error) {
    return { problem: `the module root ${moduleRoot} cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  try {
    file = realpathSync(resolve(baseDirectory, reference));
    if (!statSync(file).isFile()) return { problem: `${JSON.stringify(reference)} is not a file` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    return { problem: `the module ${JSON.stringify(reference)} is not usable: ${reason}` };
  }
  if (!isInside(file, root)) {
    return {
      problem: `the module ${JSON.stringify(reference)} lies outside of ${moduleRoot}; move it, or set moduleRoot`,
    };
  }
  if (!EXTENSIONS.includes(extname(file)))
    return { problem: `${JSON.stringify(reference)} leads to a file that is no module` };
  return { url: pathToFileURL(file).href };
}

/** What is wrong with a reference as text; `undefined` when nothing is. Pure. */
export function refuseReference(reference: string): string | undefined {
  const shown = JSON.stringify(reference);
  if (reference.includes('\0') || reference.includes('\\'))
    return `${shown} is no path of a module; separate folders with "/"`;
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(reference))
    return `${shown} is a URL; modules are files beside the job file, such as "./score.js"`;
  if (isAbsolute(reference)) return `${shown} is absolute; name a file relative to the job file, such as "./score.js"`;
  if (!reference.startsWith('./') && !reference.startsWith('../')) {
    return `${shown} would be a package; name a file relative to the job file, beginning with "./"`;
  }
  if (!EXTENSIONS.includes(extname(reference))) return `${shown} must end in ${EXTENSIONS.join(', ')}`;
  return undefined;
}

function isInside(file: string, root: string): boolean {
  const path = relative(root, file);
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}
