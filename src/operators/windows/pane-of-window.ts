/** Where records may be put together before they reach their windows. */
import type { TimestampMs } from '../../model/index.ts';
import { SlideGeometry } from './slide-geometry.ts';
import { createTimeIntervals } from './time-intervals.ts';
import type { WindowDefinition } from './window-definition.ts';

/**
 * The start of the pane a finite event time lies in: all times of a pane are in the same windows, and so is its start. `undefined` for windows whose
 * place depends on the records, or on the wall clock.
 */
export function paneOfWindow(
  definition: WindowDefinition<never>,
): ((timestamp: TimestampMs) => TimestampMs) | undefined {
  if (definition.kind === 'count' || definition.kind === 'global' || definition.kind === 'session') return undefined;
  if (definition.time === 'processing') return undefined;
  if (definition.kind === 'sliding') {
    const geometry = new SlideGeometry(definition.sizeMs, definition.slideMs, definition.offsetMs ?? 0);
    return (timestamp) => geometry.startOfPane(geometry.paneAt(timestamp));
  }
  const intervals = createTimeIntervals(definition);
  return (timestamp) => intervals.startOf(timestamp);
}
