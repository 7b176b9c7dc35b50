/**
 * When a running job ends by itself. Pure.
 */
import type { StopKind } from './engine.ts';

/** `end`: when all sources have ended. `idle`: also when nothing more is there now. The others: also after that much. */
export type Until =
  | { readonly kind: 'end' }
  | { readonly kind: 'idle' }
  | { readonly kind: 'records'; readonly records: number }
  | { readonly kind: 'duration'; readonly durationMs: number };

export interface Progress {
  /** How many source subtasks the plan has. */
  readonly sourceSubtasks: number;
  readonly sources: { readonly active: number; readonly idle: number; readonly ended: number };
  readonly recordsReadByRun: number;
  readonly uptimeMs: number;
}

/** `undefined`: go on. */
export function decideStop(until: Until, progress: Progress): StopKind | undefined {
  const { sources, sourceSubtasks } = progress;
  if (sources.ended === sourceSubtasks) return 'complete';
  switch (until.kind) {
    case 'end':
      return undefined;
    case 'idle':
      return sources.ended + sources.idle === sourceSubtasks ? 'drain' : undefined;
    case 'records':
      return progress.recordsReadByRun >= until.records ? 'drain' : undefined;
    case 'duration':
      return progress.uptimeMs >= until.durationMs ? 'drain' : undefined;
  }
}
