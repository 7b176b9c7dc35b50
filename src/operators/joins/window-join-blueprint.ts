/** Checks a join of two streams within windows and says how to run it. */

import { LATE_OUTPUT, type OperatorBlueprint } from '../operator-blueprint.ts';
import { findDefinitionProblems } from '../windows/find-window-problems.ts';
import type { TimeWindow, WindowDefinition } from '../windows/window-definition.ts';
import { findTypeProblems, JOIN_TYPES } from './find-join-problems.ts';
import type { WindowJoinOptions } from './join-definition.ts';
import { createJoinWindows } from './join-windows.ts';
import { type SelectInWindow, WINDOW_JOIN_STATES, WindowJoinOperator } from './window-join-operator.ts';

/** Input 0 is the left side, input 1 the right; both by the same key. Needs event time on both. */
export function windowJoinBlueprint<Left, Right, Out>(options: WindowJoinOptions<Left, Right, Out>): OperatorBlueprint {
  const { type = 'inner', window } = options;
  const isOfLeft = type === 'semi' || type === 'anti';
  const select = (options.select ?? (isOfLeft ? leftAlone : pairInWindow)) as SelectInWindow;
  return {
    kind: 'windowJoin',
    label: `${type} join in ${describe(window)}`,
    outputs: ['main', LATE_OUTPUT],
    identity: { type, ...identityOf(window) },
    states: WINDOW_JOIN_STATES,
    problems: [...findTypeProblems(type, JOIN_TYPES), ...findProblems(window)],
    waitsFor: 'watermark',
    create: () => new WindowJoinOperator({ type, windows: createJoinWindows(window as TimeWindow), select }),
  };
}

const pairInWindow: SelectInWindow = (left, right, { start, end }) => ({
  left,
  right,
  windowStart: start,
  windowEnd: end,
});

const leftAlone: SelectInWindow = (left) => left;

type IdentityOfWindow = Readonly<Record<string, string | number>>;

function identityOf(window: WindowDefinition): IdentityOfWindow {
  switch (window.kind) {
    case 'tumbling':
      return { window: window.kind, sizeMs: window.sizeMs, offsetMs: window.offsetMs ?? 0 };
    case 'sliding':
      return { window: window.kind, sizeMs: window.sizeMs, slideMs: window.slideMs, offsetMs: window.offsetMs ?? 0 };
    case 'calendar': {
      const { kind, unit, timeZone = 'UTC', offsetMs = 0 } = window;
      return { window: kind, unit, timeZone, offsetMs };
    }
    default:
      return { window: window.kind };
  }
}

function describe(window: WindowDefinition): string {
  switch (window.kind) {
    case 'tumbling':
      return `tumbling windows of ${window.sizeMs} ms`;
    case 'sliding':
      return `sliding windows of ${window.sizeMs} ms every ${window.slideMs} ms`;
    case 'calendar':
      return `windows of one ${window.unit}, ${window.timeZone ?? 'UTC'}`;
    default:
      return `${window.kind} windows`;
  }
}

/** What is wrong with a window for a join, and with it for any use. */
function findProblems(window: WindowDefinition): readonly string[] {
  if (window.kind !== 'tumbling' && window.kind !== 'sliding' && window.kind !== 'calendar') {
    return [
      `a window join takes tumbling, sliding or calendar windows, whose times no record moves, not '${window.kind}'`,
    ];
  }
  const problems = findDefinitionProblems(window);
  return window.time === 'processing' ? [...problems, "a window join goes by event time: leave out 'time'"] : problems;
}
