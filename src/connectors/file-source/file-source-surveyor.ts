/** How far the files of a source can be read now: the driver's half in microbatch mode. */
import { resolve } from 'node:path';
import {
  assert,
  type MonotonicMs,
  type Offset,
  type SourceSurveyor,
  type SplitExtent,
  type SplitId,
  type SplitOffsets,
  type SurveyContext,
} from '../../model/index.ts';
import type { FileSourceSettings } from './file-source-options.ts';
import { FileSplitSurvey } from './file-split-survey.ts';

export class FileSourceSurveyor implements SourceSurveyor {
  readonly #context: SurveyContext;
  readonly #settings: FileSourceSettings;
  readonly #surveys: ReadonlyMap<SplitId, FileSplitSurvey>;

  constructor(context: SurveyContext, settings: FileSourceSettings) {
    const { baseDirectory, clock, splits } = context;
    this.#context = context;
    this.#settings = settings;
    this.#surveys = new Map(
      splits.map((split) => [split, new FileSplitSurvey(split, resolve(baseDirectory, split), settings, clock)]),
    );
  }

  async survey(from: SplitOffsets, end: SplitOffsets = {}): Promise<Readonly<Record<SplitId, SplitExtent>>> {
    const extents: [SplitId, SplitExtent][] = [];
    for (const [split, survey] of this.#surveys) extents.push([split, await survey.extent(from[split], end[split])]);
    // Built from entries: split names are data, `__proto__` included.
    return Object.fromEntries(extents);
  }

  cut(split: SplitId, _from: Offset | undefined, bytes: number): Offset {
    const survey = this.#surveys.get(split);
    assert(survey !== undefined, `${split} is cut, but is no split of source '${this.#context.node}'`);
    return survey.cut(bytes);
  }

  wakeAt(): MonotonicMs {
    const { follow, pollIntervalMs } = this.#settings;
    return follow ? this.#context.clock.monotonic() + pollIntervalMs : Number.POSITIVE_INFINITY;
  }

  close(): void {}
}
