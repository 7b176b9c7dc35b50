/** Opens the file a split goes on in: the one that has its name, or the one a checkpoint knows and that was renamed since. */
import { ConnectorError, type SplitId } from '../../model/index.ts';
import type { FileSourceSettings } from './file-source-options.ts';
import { FILE_START, type FileOffset, objectionToResume } from './resume-point.ts';
import { changedUnderfoot, unreadable } from './source-errors.ts';
import { findRenamed, identityOf, SourceFile } from './source-file.ts';

export interface LocatedFile {
  readonly file: SourceFile;
  readonly from: FileOffset;
}

/** Throws `ConnectorError` (recovery `none`) when there is no file, or not the one of the checkpoint. */
export function locateSourceFile(
  split: SplitId,
  path: string,
  saved: FileOffset,
  settings: Pick<FileSourceSettings, 'follow' | 'onTruncate'>,
): LocatedFile {
  let file = openExisting(split, path);
  if (saved.file === '' && file !== undefined) return { file, from: FILE_START };
  if (settings.follow && file?.identity !== saved.file) {
    const renamed = findRenamed(path, saved.file);
    if (renamed !== undefined) {
      file?.close();
      file = openExisting(split, renamed);
    }
  }
  if (file === undefined) throw unreadable(split, path, Object.assign(new Error('no such file'), { code: 'ENOENT' }));
  const objection = objectionToResume(saved, file.compare(saved));
  if (objection === undefined) return { file, from: saved };
  if (settings.onTruncate === 'restart') return { file, from: FILE_START };
  file.close();
  throw changedUnderfoot(split, path, objection);
}

/** Opens a file that had the name when it was surveyed, whatever it is called now. Throws `ConnectorError` when it is gone. */
export function locateSurveyed(split: SplitId, path: string, identity: string): SourceFile {
  const found = identityOf(path) === identity ? path : findRenamed(path, identity);
  const file = found === undefined ? undefined : openExisting(split, found);
  if (file?.identity === identity) return file;
  file?.close();
  throw new ConnectorError(
    `a file that had the name of the input file ${path} is gone, and was not read to its end; put it back into its folder, or start with a new state directory`,
    { code: 'ERR_SOURCE_FILE', split, recovery: 'none' },
  );
}

function openExisting(split: SplitId, path: string): SourceFile | undefined {
  try {
    return new SourceFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(split, path, error);
  }
}
