/** From figures and compared outputs to what a comparison says. Pure. */
import type { Comparison } from './comparison.ts';
import { weakestLevel } from './decide-equality.ts';

const NOT_MEASURED: readonly string[] = [
  "the job's own sinks (each is replaced by a committed file)",
  'more than one run of each kind',
  'the cost of reading input over a network',
  'power loss (the kill is of the process)',
];

export function decideComparison(found: Omit<Comparison, 'equal' | 'level' | 'notMeasured'>): Comparison {
  const { isRepeatable, ...rest } = found;
  const level = weakestLevel(found.outputs.flatMap(({ sinks }) => sinks.map((sink) => sink.level)));
  return {
    ...rest,
    equal: level !== 'different',
    level,
    ...(isRepeatable === undefined ? {} : { isRepeatable }),
    notMeasured: NOT_MEASURED,
  };
}
