import { resolve } from 'node:path';
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
} from '../../model/index.ts';
import {
  type FileSourceOptions,
  type FileSourceSettings,
  type LooseRecord,
  resolveFileSourceOptions,
} from './file-source-options.ts';
import { FileSourceReader } from './file-source-reader.ts';
import { FileSourceSurveyor } from './file-source-surveyor.ts';
import { listFiles } from './list-files.ts';
import { locateSourceFile } from './locate-source-file.ts';
import { FILE_START, parseFileOffset } from './resume-point.ts';

/**
 * Records from files: JSON lines, CSV, or one JSON array. Each file is a split, read by one subtask. Offsets are bytes, so a
 * restart goes on behind the last record of the committed epoch.
 *
 * Any JSON value is a record. Empty lines, `\r\n` and a byte order mark are passed over; a last line without a newline is a
 * record, unless the file is followed: then it is not complete yet. Input that is no record (not JSON, not UTF-8, longer,
 * deeper or wider than the limits, a wrong number of columns) goes where `onBadRecord` says.
 *
 * Throws `OptionError`. The start fails with `ConnectorError` when a file is missing, unreadable or not a file, or is not the
 * one the checkpoint knows.
 *
 * @example sources.file<Flight>({ path: 'flights.jsonl' })
 * @example sources.file<Row>({ path: 'logs/*.csv', format: 'csv', csv: { types: { delay: 'number' } } })
 */
export function fileSource<T = LooseRecord>(options: FileSourceOptions): SourceConnector<T> {
  return new FileSource(resolveFileSourceOptions(options));
}

class FileSource<T> implements SourceConnector<T> {
  readonly isBounded: boolean;
  readonly #settings: FileSourceSettings;

  constructor(settings: FileSourceSettings) {
    this.#settings = settings;
    this.isBounded = !settings.follow;
  }

  describe(): ConnectorDescription {
    const { paths, format, csv } = this.#settings;
    // The path is not pinned: a checkpoint knows its files by name, and every one must still be listed.
    const identity = format === 'csv' ? { format, delimiter: csv.delimiter } : { format };
    return { type: 'file', label: paths.join(', '), identity };
  }

  async listSplits(context: ConnectorContext, known: SplitOffsets): Promise<readonly SplitId[]> {
    const { baseDirectory, node } = context;
    const splits = listFiles(this.#settings.paths, baseDirectory);
    for (const split of splits) {
      const offset = known[split];
      const saved = offset === undefined ? FILE_START : (parseFileOffset(offset) ?? FILE_START);
      locateSourceFile(split, resolve(baseDirectory, split), saved, this.#settings).file.close();
    }
    const missing = Object.keys(known).find((split) => !splits.includes(split));
    if (missing !== undefined) {
      throw new ConnectorError(
        `source '${node}' has read ${missing} before, but its path now names ${splits.join(', ')}; name that file again, or start with a new state directory`,
        { code: 'ERR_SOURCE_FILE', node, split: missing, recovery: 'none' },
      );
    }
    return splits;
  }

  createReader(context: SourceReaderContext): SourceReader<T> {
    return new FileSourceReader<T>(context, this.#settings);
  }

  createSurveyor(context: SurveyContext): SourceSurveyor {
    return new FileSourceSurveyor(context, this.#settings);
  }
}
