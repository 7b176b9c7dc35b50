/** Durations in options are whole milliseconds: one sentence for one that is not, or is below `leastMs`. */
export function findDurationProblems(
  name: string,
  durationMs: unknown,
  leastMs: number = Number.MIN_SAFE_INTEGER,
): readonly string[] {
  if (Number.isSafeInteger(durationMs) && (durationMs as number) >= leastMs) return [];
  const bound = leastMs === Number.MIN_SAFE_INTEGER ? '' : `, at least ${leastMs}`;
  return [`'${name}' is a whole number of milliseconds${bound}, not ${String(durationMs)}`];
}
