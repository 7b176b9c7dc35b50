/**
 * Compares what two runs wrote, sink by sink. Reads files; decides nothing (`decide-equality.ts`).
 *
 * Lines are streamed through an order-independent digest first: equal outputs of any size cost one pass and no memory. Only where
 * digests differ are the lines compared exactly, in as many passes as keep a bounded number of them in memory (I8).
 */
import { rehearsalPath } from '../config/rehearse.ts';
import { hashKey, type NodeId } from '../model/index.ts';
import { decideEquality, type EqualityLevel } from './decide-equality.ts';
import { MultisetDigest } from './multiset-digest.ts';
import { readLines } from './read-lines.ts';
import {
  addDifferences,
  NO_DIFFERENCE,
  type RowDifference,
  RowDifferenceCollector,
  type Side,
} from './row-difference.ts';

export interface SinkComparison {
  readonly sink: NodeId;
  readonly level: EqualityLevel;
  readonly rowsInReference: number;
  readonly rowsInOther: number;
  /** Absent where every row is the same. */
  readonly difference?: RowDifference | undefined;
}

/** Lines of both outputs together that one pass keeps in memory, as far as the hash spreads them evenly. */
const LINES_PER_PASS = 500_000;
/** How each line of a rehearsal begins when its record has a key. */
const KEYED = '{"key":';

/** `reference` and `other` are output directories of rehearsals of one job, `sinks` its sinks. */
export async function compareOutputs(
  reference: string,
  other: string,
  sinks: readonly NodeId[],
  linesPerPass: number = LINES_PER_PASS,
): Promise<readonly SinkComparison[]> {
  const comparisons: SinkComparison[] = [];
  for (const sink of sinks) {
    const paths = { reference: rehearsalPath(reference, sink), other: rehearsalPath(other, sink) };
    const digests = { reference: await digestOf(paths.reference), other: await digestOf(paths.other) };
    const rows = { rowsInReference: digests.reference.count, rowsInOther: digests.other.count };
    const isSame = digests.reference.toString() === digests.other.toString();
    const passes = Math.max(1, Math.ceil((rows.rowsInReference + rows.rowsInOther) / linesPerPass));
    const difference = isSame ? undefined : await differenceOf(paths, passes);
    comparisons.push({
      sink,
      level: decideEquality(difference),
      ...rows,
      ...(difference === undefined ? {} : { difference }),
    });
  }
  return comparisons;
}

async function digestOf(path: string): Promise<MultisetDigest> {
  const digest = new MultisetDigest();
  for await (const line of readLines(path)) digest.add(line);
  return digest;
}

async function differenceOf(paths: Readonly<Record<Side, string>>, passes: number): Promise<RowDifference> {
  let sum = NO_DIFFERENCE;
  for (let pass = 0; pass < passes; pass++) {
    const collector = new RowDifferenceCollector();
    for (const side of ['reference', 'other'] as const) {
      for await (const bytes of readLines(paths[side])) {
        const line = bytes.toString('utf8');
        const key = keyOf(line);
        if (passes === 1 || hashKey(key ?? line) % passes === pass) collector.add(side, line, key);
      }
    }
    sum = addDifferences(sum, collector.result());
  }
  return sum;
}

/** The key's JSON text. */
function keyOf(line: string): string | undefined {
  if (!line.startsWith(KEYED)) return undefined;
  const { key } = JSON.parse(line) as { readonly key: unknown };
  return JSON.stringify(key);
}
