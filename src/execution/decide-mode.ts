/**
 * Which engine an adaptive job should run in: batches while there is a backlog, record by record once it is gone. Pure.
 *
 * Hysteresis keeps it from going to and fro: getting behind and having caught up have to last, each its own time, and two switches are
 * at least `dwellMs` apart.
 */
import type { DurationMs, MonotonicMs } from '../model/index.ts';
import type { EngineMode, JobOptions } from './options.ts';

export interface ModeObservation {
  readonly now: MonotonicMs;
  /** The engine that runs. */
  readonly mode: EngineMode;
  /** For how long the sources have had something left to read without a moment of having caught up; 0: they have caught up. */
  readonly behindMs: DurationMs;
}

/** What is remembered between two observations. */
export interface ModeState {
  /** Of the last observation. */
  readonly mode: EngineMode;
  /** When the last switch was seen to be done; of one that came to nothing, when it was decided. */
  readonly switchedAt: MonotonicMs;
  /** First of the observations, up to the last one, that all found the sources caught up. */
  readonly caughtUpSince: MonotonicMs | undefined;
}

export interface ModeDecision {
  /** As observed: stay. */
  readonly mode: EngineMode;
  readonly state: ModeState;
}

/**
 * `state` is `undefined` at first. A mode that changed between two observations counts as a switch, whoever asked for it. What was
 * decided and not done is decided again after `dwellMs`, if there is still reason to.
 */
export function decideMode(
  state: ModeState | undefined,
  { now, mode, behindMs }: ModeObservation,
  options: JobOptions['adaptive'],
): ModeDecision {
  const isChanged = state !== undefined && state.mode !== mode;
  const switchedAt = isChanged ? now : (state?.switchedAt ?? Number.NEGATIVE_INFINITY);
  // Before a switch the sources were caught up as another engine sees it.
  const caughtUpSince = behindMs > 0 ? undefined : isChanged ? now : (state?.caughtUpSince ?? now);
  const wanted = wantedMode(mode, behindMs, caughtUpSince === undefined ? undefined : now - caughtUpSince, options);
  const isSwitch = wanted !== mode && now - switchedAt >= options.dwellMs;
  return {
    mode: isSwitch ? wanted : mode,
    state: { mode, switchedAt: isSwitch ? now : switchedAt, caughtUpSince },
  };
}

function wantedMode(
  mode: EngineMode,
  behindMs: DurationMs,
  caughtUpMs: DurationMs | undefined,
  options: JobOptions['adaptive'],
): EngineMode {
  if (mode === 'continuous') return behindMs > 0 && behindMs >= options.backlogMs ? 'microbatch' : 'continuous';
  return caughtUpMs !== undefined && caughtUpMs >= options.caughtUpMs ? 'continuous' : 'microbatch';
}
