/**
 * Operators that would never emit a row: they wait for a watermark, or for the end of input, and neither can come to them. Pure.
 *
 * Only what is certain is a problem: no input can bring a watermark, whichever of them are idle and whatever the policy, before all have ended,
 * and one has no end. A join with one such input goes on while that input is idle; operators of a user's own may emit at any time.
 */
import type { NodeId, PlanProblem } from '../model/index.ts';
import type { DraftNode, OperatorShape } from './graph-draft.ts';
import { sourcesOf } from './sources-of.ts';

type IdOf = (node: DraftNode) => NodeId;

export function findEndlessWaits(nodes: readonly DraftNode[], idOf: IdOf): readonly PlanProblem[] {
  /** What a watermark may come out of before the end of input. */
  const rising = new Set<DraftNode>();
  /** What one may come to, and none out of. */
  const blocking = new Set<DraftNode>();
  const problems: PlanProblem[] = [];
  for (const node of nodes) {
    const { shape, inputs } = node;
    if (shape.role === 'source' && shape.eventTime !== undefined) rising.add(node);
    if (shape.role !== 'operator') continue;
    const isRisen = inputs.some(({ from }) => rising.has(from));
    if (isRisen) (shape.passesWatermarks === false ? blocking : rising).add(node);
    const { waitsFor } = shape;
    const endless = allSourcesOf(node).find((source) => !isBounded(source));
    if (waitsFor === undefined || endless === undefined || (waitsFor === 'watermark' && isRisen)) continue;
    const [reason, remedy] = waitsFor === 'end' ? WAITS_FOR_END : whyNone(node, shape, blocking, idOf);
    // Where no source has event time and it needs one, that has been told.
    if (reason !== '') {
      const id = idOf(node);
      problems.push({
        node: id,
        message: `the ${shape.kind} '${id}' would never emit a row: it ${reason}, and the source '${idOf(endless)}' never ends; ${remedy}`,
      });
    }
    // What waits behind it waits for the same.
    rising.add(node);
  }
  return problems;
}

/** Why, and what to do. */
type Why = readonly [reason: string, remedy: string];

const WAITS_FOR_END: Why = [
  'waits for the end of input',
  `let it emit 'update' or 'complete', or give it early results`,
];

const NOTHING_NEW: Why = ['', ''];

function whyNone(node: DraftNode, shape: OperatorShape, blocking: ReadonlySet<DraftNode>, idOf: IdOf): Why {
  const early = shape.kind === 'window' ? 'give it early results, or ' : '';
  const blocker = nearest(node, blocking);
  if (blocker !== undefined) {
    const id = idOf(blocker);
    const append = isOfTime(blocker) ? `let '${id}' emit 'append', or ` : '';
    return [
      `waits for event time to go on, which it does behind the ${blocker.shape.kind} '${id}' at the end of input only`,
      `${append}${early}take its records from in front of '${id}'`,
    ];
  }
  if (shape.needsEventTime) return NOTHING_NEW;
  return [
    'waits for event time to go on, and none of its sources has any',
    `${early}put withEventTime(...) behind job.source(...) (in a job file: "eventTime" of the source)`,
  ];
}

/** Of those in front of `node`. */
function nearest(node: DraftNode, wanted: ReadonlySet<DraftNode>): DraftNode | undefined {
  const seen = new Set(node.inputs.map(({ from }) => from));
  // A set is walked in the order of insertion, what is added meanwhile included.
  for (const next of seen) {
    if (wanted.has(next)) return next;
    for (const { from } of next.inputs) seen.add(from);
  }
  return undefined;
}

function allSourcesOf(node: DraftNode): readonly DraftNode[] {
  return [...sourcesOf(node, 0), ...sourcesOf(node, 1)];
}

function isBounded({ shape }: DraftNode): boolean {
  return shape.role === 'source' && shape.connector.isBounded;
}

/** Its windows end in time: with 'append' watermarks go on behind it. */
function isOfTime({ shape }: DraftNode): boolean {
  return shape.signature.identity['time'] !== undefined;
}
