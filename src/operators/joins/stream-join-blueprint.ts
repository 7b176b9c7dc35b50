/** Checks a join of two streams by time and says how to run it. */

import { findDurationProblems } from '../find-duration-problems.ts';
import type { OperatorBlueprint } from '../operator-blueprint.ts';
import { LATE_OUTPUT } from '../operator-blueprint.ts';
import { findTypeProblems, JOIN_TYPES } from './find-join-problems.ts';
import type { JoinType, StreamJoinOptions } from './join-definition.ts';
import { rangeOf } from './join-range.ts';
import { JOIN_STATES } from './join-sides.ts';
import { SemiJoinOperator } from './semi-join-operator.ts';
import { type SelectPair, StreamJoinOperator } from './stream-join-operator.ts';

/** Input 0 is the left side, input 1 the right; both by the same key. Needs event time on both. */
export function streamJoinBlueprint<Left, Right, Out>(options: StreamJoinOptions<Left, Right, Out>): OperatorBlueprint {
  const { type = 'inner', within } = options;
  const range = rangeOf(options);
  const select = options.select as SelectPair | undefined;
  return {
    kind: 'join',
    label:
      within === undefined
        ? `${type} join, kept ${range.afterMs} ms`
        : `${type} join, from ${range.beforeMs} ms before to ${range.afterMs} ms after`,
    outputs: ['main', LATE_OUTPUT],
    identity: { type, beforeMs: range.beforeMs, afterMs: range.afterMs },
    states: JOIN_STATES,
    problems: findStreamJoinProblems(options),
    // All others emit what matches at once.
    waitsFor: type === 'anti' ? 'watermark' : undefined,
    create: () => {
      if (type !== 'semi' && type !== 'anti') return new StreamJoinOperator({ type, range, select: select ?? pair });
      return new SemiJoinOperator({ type, range, select: select && ((left) => select(left, null)) });
    },
  };
}

/** One sentence for each option that is wrong. */
export function findStreamJoinProblems(
  options: Pick<StreamJoinOptions<never, never, unknown>, 'type' | 'within' | 'retentionMs'>,
): readonly string[] {
  const { type = 'inner', within, retentionMs } = options;
  const problems = [...findTypeProblems(type, JOIN_TYPES)];
  if (within === undefined && retentionMs === undefined) problems.push(unboundedJoin(type));
  if (within !== undefined && retentionMs !== undefined) {
    problems.push("'within' already says how long a record is kept: leave out 'retentionMs'");
  }
  if (retentionMs !== undefined) {
    problems.push(...findDurationProblems('retentionMs', retentionMs, 0));
    if (type !== 'inner' && type !== 'semi') {
      problems.push(
        `'retentionMs' goes with the types 'inner' and 'semi' only: a join of type '${type}' has to know when nothing can match any more, so give 'within'`,
      );
    }
  }
  if (within !== undefined) problems.push(...findRangeProblems(within));
  return problems;
}

function unboundedJoin(type: JoinType): string {
  const bound = "give 'within', how far apart in event time two records may be";
  const alternative = type === 'inner' || type === 'semi' ? ", or 'retentionMs', how long each is kept" : '';
  return `a join without bounds would keep every record of both sides for ever: ${bound}${alternative}`;
}

function findRangeProblems({ beforeMs, afterMs }: NonNullable<StreamJoinOptions<never, never, never>['within']>) {
  const problems = [
    ...findDurationProblems('within.beforeMs', beforeMs),
    ...findDurationProblems('within.afterMs', afterMs),
  ];
  if (problems.length === 0 && beforeMs + afterMs < 0) {
    problems.push(
      `'within' is empty: no time is at least ${-beforeMs} ms and at most ${afterMs} ms after another; beforeMs + afterMs must not be negative`,
    );
  }
  return problems;
}

const pair: SelectPair = (left, right) => ({ left, right });
