/** Inputs that name a side output of a `process`: only its module knows whether there is one of that name. */
import { suggest } from '../model/index.ts';
import { nodeOf } from './check-graph.ts';
import { inputsOf } from './inputs-of.ts';
import type { JobFile } from './job-file.ts';
import type { Problem } from './problem.ts';

/** `exports`: what was loaded, by name of the transform. */
export function checkSideOutputs(job: JobFile, exports: ReadonlyMap<string, unknown>): readonly Problem[] {
  const outputs = new Map<string, readonly string[]>();
  for (const [name, { type }] of Object.entries(job.transforms ?? {})) {
    const sides = type === 'process' && exports.has(name) ? sidesOf(exports.get(name)) : undefined;
    if (sides !== undefined) outputs.set(name, [name, ...sides.map((side) => `${name}.${side}`)]);
  }
  const sections: Readonly<Record<string, object>> = { transforms: job.transforms ?? {}, sinks: job.sinks };
  return Object.entries(sections).flatMap(([section, nodes]) =>
    Object.entries(nodes).flatMap(([name, node]) =>
      inputsOf(node).flatMap(({ text: input, path }): readonly Problem[] => {
        const known = outputs.get(nodeOf(input));
        if (known === undefined || known.includes(input)) return [];
        const list = known.map((output) => JSON.stringify(output)).join(', ');
        const message = `${JSON.stringify(nodeOf(input))} has no such output; it has ${list}`;
        return [{ path: [section, name, ...path], message, suggestion: suggest(input, known) }];
      }),
    ),
  );
}

/** `undefined` when the definition cannot be made: the plan will say why. */
function sidesOf(exported: unknown): readonly string[] | undefined {
  try {
    const definition: unknown = typeof exported === 'function' ? (exported as () => unknown)() : exported;
    return Object.keys((definition as { readonly sides?: object }).sides ?? {});
  } catch {
    return undefined;
  }
}
