/** Checks a join with a small table that every subtask holds whole, and says how to run it. */
import type { OperatorBlueprint } from '../operator-blueprint.ts';
import { BROADCAST_JOIN_STATES, BroadcastJoinOperator, type BroadcastJoinSettings } from './broadcast-join-operator.ts';
import { findTypeProblems, TABLE_JOIN_TYPES } from './find-join-problems.ts';
import type { BroadcastJoinOptions } from './join-definition.ts';

/** Input 0 is the stream, of any distribution; input 1 the table, broadcast. Needs no event time, and nothing is late. */
export function broadcastJoinBlueprint<Left, Right, Out>(
  options: BroadcastJoinOptions<Left, Right, Out>,
): OperatorBlueprint {
  const { type = 'inner' } = options;
  return {
    kind: 'broadcastJoin',
    label: `${type} join with a whole table`,
    outputs: ['main'],
    // Nothing that is stored depends on the type.
    identity: {},
    states: BROADCAST_JOIN_STATES,
    problems: findTypeProblems(type, TABLE_JOIN_TYPES),
    create: () =>
      new BroadcastJoinOperator({
        type,
        leftKey: options.leftKey as BroadcastJoinSettings['leftKey'],
        rightKey: options.rightKey as BroadcastJoinSettings['rightKey'],
        isDelete: options.isDelete as BroadcastJoinSettings['isDelete'],
        select: (options.select ?? pair) as BroadcastJoinSettings['select'],
      }),
    state: 'broadcast',
    readsSecondFirst: true,
  };
}

const pair = (left: unknown, right: unknown): unknown => ({ left, right });
