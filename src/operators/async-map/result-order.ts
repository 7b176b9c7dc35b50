/**
 * In which order what has settled is given out, among itself and among the watermarks that wait between the calls. Implemented twice.
 *
 * Whatever the order: no result passes a watermark, in neither direction.
 */
import type { TimestampMs } from '../../model/index.ts';
import type { RecordCall } from './record-call.ts';

export interface ResultOrder {
  /** Behind everything that was added before. It has not settled yet. */
  add(call: RecordCall): void;
  /** Behind everything that was added before, above every watermark before it. Several in a row become one. */
  hold(watermark: TimestampMs): void;
  /** A call that was added has settled. */
  onSettled(call: RecordCall): void;
  /** Watermarks that wait. */
  readonly watermarks: number;
  /** Whether there is something to take. */
  hasNext(): boolean;
  /** Takes out what is next: a settled call, or a watermark. Only after `hasNext` said true. */
  next(): RecordCall | TimestampMs;
}
