/** Files that a job would write twice, or write while it reads them. Compares paths as text; pure. */
import { normalize } from 'node:path';
import { valueAt } from './describe-issue.ts';
import type { Problem } from './problem.ts';

/** `value` is a job file after its keys have been mended. */
export function checkOutputs(value: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  const owners = new Map<string, string>();
  for (const { name, paths } of fileNodes(value, 'sources')) {
    for (const path of paths) owners.set(normalize(path), `the source ${JSON.stringify(name)} reads it`);
  }
  for (const { name, paths } of fileNodes(value, 'sinks')) {
    for (const path of paths) {
      const owner = owners.get(normalize(path));
      if (owner !== undefined) {
        problems.push({ path: ['sinks', name, 'path'], message: `${JSON.stringify(path)} is taken: ${owner}` });
      }
      owners.set(normalize(path), `the sink ${JSON.stringify(name)} writes it`);
    }
  }
  return problems;
}

function fileNodes(
  value: unknown,
  section: 'sources' | 'sinks',
): readonly { name: string; paths: readonly string[] }[] {
  const nodes = valueAt(value, [section]);
  if (typeof nodes !== 'object' || nodes === null) return [];
  return Object.keys(nodes).map((name) => {
    const path =
      valueAt(value, [section, name, 'type']) === 'file' ? valueAt(value, [section, name, 'path']) : undefined;
    const paths = (Array.isArray(path) ? path : [path]).filter((one: unknown) => typeof one === 'string');
    return { name, paths };
  });
}
