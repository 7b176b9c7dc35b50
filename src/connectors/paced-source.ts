/**
 * Offers the records of any source on an open-loop schedule: what measures a job with its own input, in both modes.
 *
 * Record n of the source (over all splits: split s of S has s, s + S, s + 2S, ...) is due at start + n * period, however fast the job
 * is. It is never emitted before, and stamped with the time it was due at, so that latencies contain the delay that a slow job causes
 * (no coordinated omission). After a restart the schedule begins anew where the job goes on. Meant for input that is there: a
 * record that comes into being behind its time counts as late.
 *
 * Of a range that was planned beforehand all records are read, due or not: after a crash it is read again under a new schedule.
 * No record is stamped with a time that is still to come. Input that the source inside refuses takes no place in the schedule.
 */
import {
  type ConnectorContext,
  type ConnectorDescription,
  ConnectorError,
  type SourceConnector,
  type SourceReader,
  type SourceReaderContext,
  type SourceSurveyor,
  type SplitId,
  type SplitOffsets,
  type SurveyContext,
} from '../model/index.ts';
import { OptionCheck } from './option-check.ts';
import { pacedSplitId, parsePacedOffset, parsePacedSplit } from './paced-offset.ts';
import { PacedReader } from './paced-reader.ts';
import { PacedSurveyor } from './paced-surveyor.ts';

/** @internal */
export interface PacedSourceOptions {
  /** Over all splits, at most 1e9. Absent or 0: as fast as they are taken, stamped with the time they are read at. */
  readonly recordsPerSecond?: number | undefined;
  /** How many records there are, over all splits and if the source inside has so many. Absent: all of its. */
  readonly records?: number | undefined;
}

/** @internal */
export interface PacedSettings {
  /** Milliseconds between two records of the whole source; 0: as fast as they are taken. */
  readonly periodMs: number;
  readonly records: number;
}

/** Throws `OptionError`. @internal */
export function pacedSource<T>(inner: SourceConnector<T>, options: PacedSourceOptions): SourceConnector<T> {
  const check = new OptionCheck('pacedSource');
  check.keys(options, ['recordsPerSecond', 'records']);
  const rate = options.recordsPerSecond ?? 0;
  check.require(rate >= 0 && rate <= 1e9, 'recordsPerSecond', 'must be at least 0 and at most 1e9');
  const records =
    options.records === undefined
      ? Number.POSITIVE_INFINITY
      : check.integer(options.records, 0, 'records', 0, Number.MAX_SAFE_INTEGER);
  check.finish();
  return new PacedSource(inner, { periodMs: rate === 0 ? 0 : 1000 / rate, records });
}

class PacedSource<T> implements SourceConnector<T> {
  readonly isBounded: boolean;
  readonly #inner: SourceConnector<T>;
  readonly #settings: PacedSettings;

  constructor(inner: SourceConnector<T>, settings: PacedSettings) {
    this.isBounded = inner.isBounded || settings.records !== Number.POSITIVE_INFINITY;
    this.#inner = inner;
    this.#settings = settings;
  }

  describe(): ConnectorDescription {
    const { type, label, identity } = this.#inner.describe();
    const { periodMs } = this.#settings;
    const pace = periodMs === 0 ? 'as fast as possible' : `at ${1000 / periodMs} records/s`;
    return { type: 'paced', label: `${label} ${pace}`, identity: { ...identity, source: type } };
  }

  async listSplits(context: ConnectorContext, known: SplitOffsets): Promise<readonly SplitId[]> {
    const innerKnown = Object.entries(known).flatMap(([split, offset]) => {
      const { inner } = parsePacedOffset(split, offset);
      return inner === undefined ? [] : [[parsePacedSplit(split).inner, inner] as const];
    });
    const names = await this.#inner.listSplits(context, Object.fromEntries(innerKnown));
    const splits = names.map((inner, index) => pacedSplitId({ index, splits: names.length, inner }));
    const missing = Object.keys(known).find((split) => !splits.includes(split));
    if (missing === undefined) return splits;
    throw new ConnectorError(
      `source '${context.node}' has read split ${missing} before, but its splits are now ${splits.join(', ')}: a paced source keeps the number and order of its splits; start with a new state directory`,
      { node: context.node, split: missing, recovery: 'none' },
    );
  }

  createReader(context: SourceReaderContext): SourceReader<T> {
    return new PacedReader(context, this.#inner, this.#settings);
  }

  createSurveyor(context: SurveyContext): SourceSurveyor {
    return new PacedSurveyor(context, this.#inner, this.#settings);
  }
}
