/** What the plan needs to know of a kind of operator: how it is shown, what a restart compares, how a subtask makes one. */
import type { NodeSignature, Operator, StateUse } from '../model/index.ts';

export interface OperatorBlueprint {
  /** 'window', 'join', 'deduplicate', 'asyncMap', ... */
  readonly kind: string;
  /** One short phrase for `explain`. */
  readonly label: string;
  /** Names of the outputs; the first is 'main', the one for late records is 'late'. */
  readonly outputs: readonly string[];
  /** What would misread the stored state if it changed: shapes, sizes, kinds; not the bodies of functions. */
  readonly identity: NodeSignature['identity'];
  /** The declared states; timers of a domain are `{ name: 'timers:event' | 'timers:processing', kind: 'timers' }`. */
  readonly states: NodeSignature['states'];
  /** One sentence for each option that is wrong, without the name of the node. Then `create` is never called. */
  readonly problems: readonly string[];
  readonly create: () => Operator;
  /** Default 'keyed'. */
  readonly state?: StateUse | undefined;
  /** Default false. */
  readonly isAsynchronous?: boolean | undefined;
  /** Default false. */
  readonly readsSecondFirst?: boolean | undefined;
  /** What has to come before it emits any row: a watermark that rises, or the end of its input. Absent: neither. */
  readonly waitsFor?: 'watermark' | 'end' | undefined;
  /** False: none leaves it before the end of its input. Default true. */
  readonly passesWatermarks?: boolean | undefined;
}

/** Name of the output for records that came too late. */
export const LATE_OUTPUT = 'late';
