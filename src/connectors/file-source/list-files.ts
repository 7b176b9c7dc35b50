/** The files that a list of paths stands for, in a stable order: as the paths were given, names of a pattern sorted. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ConnectorError, type SplitId } from '../../model/index.ts';
import { unreadable } from './source-errors.ts';

/**
 * Split ids are the paths as they were given, so that a job and its files can be moved together. Throws `ConnectorError` when
 * a pattern matches nothing.
 */
export function listFiles(paths: readonly string[], baseDirectory: string): readonly SplitId[] {
  const splits = new Set<SplitId>();
  for (const path of paths) {
    if (!basename(path).includes('*')) splits.add(path);
    else for (const match of matches(path, baseDirectory)) splits.add(match);
  }
  return [...splits];
}

function matches(path: string, baseDirectory: string): readonly string[] {
  const pattern = basename(path);
  const folder = dirname(path);
  const expression = patternExpression(pattern);
  let names: readonly string[];
  try {
    names = readdirSync(resolve(baseDirectory, folder), { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    throw unreadable(path, resolve(baseDirectory, folder), error);
  }
  const found = names.filter((name) => expression.test(name) && (pattern.startsWith('.') || !name.startsWith('.')));
  if (found.length === 0) {
    throw new ConnectorError(`no file in ${resolve(baseDirectory, folder)} matches '${pattern}'; check the path`, {
      code: 'ERR_SOURCE_FILE',
      recovery: 'none',
    });
  }
  // By code units: the same order on every machine.
  return found.sort((a, b) => (a < b ? -1 : 1)).map((name) => (path.includes('/') ? join(folder, name) : name));
}

function patternExpression(pattern: string): RegExp {
  const literals = pattern.split(/\*+/).map((literal) => literal.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`, 's');
}
