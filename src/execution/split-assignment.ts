import type { SplitId } from '../model/index.ts';

/** Which splits each of `parallelism` source subtasks reads: in turn, in the stable order of the list. */
export function assignSplits(splits: readonly SplitId[], parallelism: number): readonly (readonly SplitId[])[] {
  return Array.from({ length: parallelism }, (_, subtask) =>
    splits.filter((_split, index) => index % parallelism === subtask),
  );
}
