/**
 * How much of the driver's time folding takes. Pure.
 *
 * Commits and commands go first, so folding gives way to everything else as long as it keeps up. When the workers hold more unfolded entries
 * than half of what they may, small steps and pauses only bring forward the moment at which the sources have to wait for it.
 */
import type { DurationMs, FoldSliceSize } from '../model/index.ts';

export interface FoldPace {
  readonly size: FoldSliceSize;
  /** Between two slices. */
  readonly pauseMs: DurationMs;
}

const GIVING_WAY: FoldPace = { size: 'small', pauseMs: 2 };
const CATCHING_UP: FoldPace = { size: 'large', pauseMs: 0 };
/** Of the bound on unfolded entries. */
const BEHIND_SHARE = 0.5;

export interface FoldPressure {
  readonly unfoldedBytes: number;
  /** At which the next epoch waits. */
  readonly unfoldedBytesMax: number;
  /** Nothing is folded meanwhile. */
  readonly isCommitting: boolean;
}

export function decideFoldPace({ unfoldedBytes, unfoldedBytesMax, isCommitting }: FoldPressure): FoldPace {
  return !isCommitting && unfoldedBytes > BEHIND_SHARE * unfoldedBytesMax ? CATCHING_UP : GIVING_WAY;
}
