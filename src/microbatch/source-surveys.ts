/** The surveyors of all sources of a job, on the driver thread: what there is to read, asked of all of them at once. */
import type {
  ConnectorContext,
  MonotonicMs,
  NodeId,
  Offset,
  SourceOffsets,
  SourceSurveyor,
  SplitId,
  SurveyHint,
} from '../model/index.ts';
import { assert } from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import type { SurveyedSources } from './plan-batch.ts';

export interface SourceSurveysOptions {
  readonly plan: PhysicalPlan;
  /** Per source, per source subtask. */
  readonly splits: Readonly<Record<NodeId, readonly (readonly SplitId[])[]>>;
  /** Where the generation begins. */
  readonly offsets: SourceOffsets;
  contextOf(node: NodeId): ConnectorContext;
}

export class SourceSurveys {
  readonly #surveyors = new Map<NodeId, SourceSurveyor>();

  /** Throws what a connector throws that cannot be read; nothing stays open then. */
  constructor(options: SourceSurveysOptions) {
    const { plan, splits, offsets, contextOf } = options;
    try {
      for (const { chain } of plan.stages) {
        const { node } = chain[0]!;
        if (node.role !== 'source') continue;
        const surveyor = node.connector.createSurveyor({
          ...contextOf(node.id),
          splits: (splits[node.id] ?? []).flat(),
          offsets: offsets[node.id] ?? {},
        });
        this.#surveyors.set(node.id, surveyor);
      }
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** `end`: what lies behind it is left out. */
  async survey(from: SourceOffsets, end: SourceOffsets | undefined): Promise<SurveyedSources> {
    const surveyed = [...this.#surveyors].map(
      async ([node, surveyor]) => [node, await surveyor.survey(from[node] ?? {}, end?.[node])] as const,
    );
    return Object.fromEntries(await Promise.all(surveyed));
  }

  cut(node: NodeId, split: SplitId, from: Offset | undefined, bytes: number): Offset {
    const surveyor = this.#surveyors.get(node);
    assert(surveyor?.cut !== undefined, `source ${node} knows bytes and cannot cut at them`);
    return surveyor.cut(split, from, bytes);
  }

  /** When it is worth while to survey again, if there was nothing. */
  wakeAt(): MonotonicMs {
    return Math.min(Number.POSITIVE_INFINITY, ...[...this.#surveyors.values()].map((surveyor) => surveyor.wakeAt()));
  }

  hintOf(node: NodeId): SurveyHint | undefined {
    return this.#surveyors.get(node)?.hint;
  }

  close(): void {
    for (const surveyor of this.#surveyors.values()) surveyor.close();
    this.#surveyors.clear();
  }
}
