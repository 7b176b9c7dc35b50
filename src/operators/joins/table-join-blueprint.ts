/** Checks a join of a keyed stream and a keyed table by the record's time, and says how to run it. */
import { LATE_OUTPUT, type OperatorBlueprint } from '../operator-blueprint.ts';
import { findTypeProblems, TABLE_JOIN_TYPES } from './find-join-problems.ts';
import type { TableJoinOptions } from './join-definition.ts';
import { TABLE_JOIN_STATES, TableJoinOperator, type TableJoinSettings } from './table-join-operator.ts';

/** Input 0 is the stream, input 1 the table; both by the same key. Needs event time on both. */
export function tableJoinBlueprint<Left, Right, Out>(options: TableJoinOptions<Left, Right, Out>): OperatorBlueprint {
  const { type = 'inner' } = options;
  return {
    kind: 'tableJoin',
    label: `${type} join, row at the time of the record`,
    outputs: ['main', LATE_OUTPUT],
    identity: { type },
    states: TABLE_JOIN_STATES,
    problems: findTypeProblems(type, TABLE_JOIN_TYPES),
    waitsFor: 'watermark',
    create: () =>
      new TableJoinOperator({
        type,
        isDelete: options.isDelete as TableJoinSettings['isDelete'],
        select: (options.select ?? pair) as TableJoinSettings['select'],
      }),
  };
}

const pair = (left: unknown, right: unknown): unknown => ({ left, right });
