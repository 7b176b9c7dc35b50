/** Checks a deduplication and says how to run it. */
import { suggest } from '../model/index.ts';
import type { DeduplicateOptions } from './deduplicate-definition.ts';
import {
  DEDUPLICATE_STATES,
  DeduplicateOperator,
  WATERMARK_DEDUPLICATE_STATES,
  WatermarkDeduplicateOperator,
} from './deduplicate-operator.ts';
import { findDurationProblems } from './find-duration-problems.ts';
import { LATE_OUTPUT, type OperatorBlueprint } from './operator-blueprint.ts';

const SCOPES: readonly DeduplicateOptions['scope'][] = ['forever', 'watermark', 'ttl'];

/** Of a keyed stream, which stays one. Scope 'watermark' needs event time; only then is there a late output. */
export function deduplicateBlueprint(options: DeduplicateOptions): OperatorBlueprint {
  const isByWatermark = options.scope === 'watermark';
  return {
    kind: 'deduplicate',
    label: labelOf(options),
    outputs: isByWatermark ? ['main', LATE_OUTPUT] : ['main'],
    // Not the durations: what was stored under another one still ends when it was to end.
    identity: { scope: options.scope },
    states: isByWatermark ? WATERMARK_DEDUPLICATE_STATES : DEDUPLICATE_STATES,
    problems: findProblems(options),
    create: () =>
      isByWatermark
        ? new WatermarkDeduplicateOperator(options.withinMs)
        : new DeduplicateOperator(options.scope === 'ttl' ? { ttlMs: options.ttlMs } : undefined),
  };
}

function labelOf(options: DeduplicateOptions): string {
  switch (options.scope) {
    case 'watermark':
      return `first of each key, within ${options.withinMs} ms of event time`;
    case 'ttl':
      return `first of each key, for ${options.ttlMs} ms`;
    default:
      return 'first of each key, for ever';
  }
}

function findProblems(options: DeduplicateOptions): readonly string[] {
  const { scope } = options;
  if (scope === 'forever') return [];
  if (scope === 'watermark') return findDurationProblems('withinMs', options.withinMs, 0);
  if (scope === 'ttl') return findDurationProblems('ttlMs', options.ttlMs, 1);
  const known = suggest(String(scope), SCOPES);
  const hint = known === undefined ? "'forever', 'watermark' or 'ttl'" : `'${known}'`;
  return [`there is no deduplication of scope '${String(scope)}'; use ${hint}`];
}
