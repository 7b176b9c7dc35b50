/**
 * Puts the parts of a complete epoch together. Pure: everything that decides what an epoch contains is here.
 */
import type {
  CheckpointManifest,
  CommitToken,
  NodeId,
  Offset,
  SealedEpoch,
  SinkOutput,
  SourceOffsets,
  SubtaskSnapshot,
  TimestampMs,
  WatermarkPolicy,
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import { addCounts, NO_COUNTS } from './epoch-tracker.ts';
import { sealTime } from './seal-time.ts';

/** Version of the manifest's shape; `storage` refuses newer ones. */
export const MANIFEST_FORMAT_VERSION = 2;

/** The tokens of each sink, in subtask order: what its committer seals. */
export function collectTokens(snapshots: readonly SubtaskSnapshot[]): ReadonlyMap<NodeId, readonly CommitToken[]> {
  const bySink = new Map<NodeId, SinkOutput[]>();
  for (const snapshot of snapshots) {
    for (const sinkOutput of snapshot.outputs) {
      bySink.set(sinkOutput.node, [...(bySink.get(sinkOutput.node) ?? []), sinkOutput]);
    }
  }
  const tokens = new Map<NodeId, readonly CommitToken[]>();
  for (const [node, outputs] of bySink) {
    const ordered = outputs.toSorted((a, b) => a.subtask - b.subtask);
    tokens.set(
      node,
      ordered.flatMap(({ output }) => (output.token === undefined ? [] : [output.token])),
    );
  }
  return tokens;
}

export interface EpochContext {
  readonly plan: PhysicalPlan;
  /** The manifest this epoch follows. */
  readonly previous: CheckpointManifest | undefined;
  /** From the committers. Sinks without one are absent. */
  readonly sealedTokens: ReadonlyMap<NodeId, CommitToken>;
  readonly committedAt: TimestampMs;
  readonly isComplete: boolean;
  readonly policy: WatermarkPolicy;
}

export function sealEpoch(snapshots: readonly SubtaskSnapshot[], context: EpochContext): SealedEpoch {
  const { plan, previous } = context;
  const first = snapshots[0]!;
  const manifest: CheckpointManifest = {
    formatVersion: MANIFEST_FORMAT_VERSION,
    job: plan.job,
    epoch: first.epoch,
    generation: first.generation,
    fingerprint: plan.fingerprint,
    nodes: plan.nodes,
    keyGroups: plan.keyGroups,
    committedAt: context.committedAt,
    offsets: mergeOffsets(previous?.offsets ?? {}, snapshots),
    tokens: { ...previous?.tokens, ...Object.fromEntries(context.sealedTokens) },
    totals: snapshots.reduce((sum, snapshot) => addCounts(sum, snapshot.counts), previous?.totals ?? NO_COUNTS),
    time: sealTime(snapshots, previous?.time, plan, context.policy),
    isComplete: context.isComplete,
  };
  return {
    manifest,
    deltas: snapshots.flatMap((snapshot) => snapshot.deltas),
    rows: snapshots.flatMap((snapshot) =>
      snapshot.outputs.flatMap(({ output }) => (output.rows === undefined ? [] : [output.rows])),
    ),
    deadLetters: snapshots.flatMap((snapshot) => snapshot.deadLetters),
  };
}

/** Splits nobody read in this epoch keep their offset. Built from entries: split names are data, `__proto__` included. */
function mergeOffsets(previous: SourceOffsets, snapshots: readonly SubtaskSnapshot[]): SourceOffsets {
  const merged = new Map<NodeId, Map<string, Offset>>();
  for (const offsets of [previous, ...snapshots.map((snapshot) => snapshot.offsets)]) {
    for (const [node, splits] of Object.entries(offsets)) {
      const known = merged.get(node) ?? new Map<string, Offset>();
      for (const [split, offset] of Object.entries(splits)) known.set(split, offset);
      merged.set(node, known);
    }
  }
  return Object.fromEntries([...merged].map(([node, splits]) => [node, Object.fromEntries(splits)]));
}
