/** The inputs that a node of a job file names, wherever it names them. Tolerant of anything else in the node. Pure. */
import { valueAt } from './describe-issue.ts';
import type { JsonPath } from './problem.ts';

/** More are refused by the schema. */
export const INPUTS_MAX: number = 100;

export interface NamedInput {
  /** As written: `late`, `routes.hot`. */
  readonly text: string;
  /** Where it stands in the node. */
  readonly path: JsonPath;
  /** The list it stands in: `inputs`, or that of one side of a join. */
  readonly list: string;
}

const LISTS: readonly JsonPath[] = [['inputs'], ['left', 'inputs'], ['right', 'inputs']];

export function inputsOf(node: unknown): readonly NamedInput[] {
  return LISTS.flatMap((list) => {
    const given = valueAt(node, list);
    if (!Array.isArray(given)) return [];
    return given
      .slice(0, INPUTS_MAX)
      .flatMap((text: unknown, index) =>
        typeof text === 'string' ? [{ text, path: [...list, index], list: list.join('.') }] : [],
      );
  });
}
