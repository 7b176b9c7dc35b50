/** Opens the file a split goes on in: the one that has its name, or the one a checkpoint knows and that was renamed since. */
import type { SplitId } from '../../model/index.ts';
import type { FileSourceSettings } from './file-source-options.ts';
import { FILE_START, type FileOffset, objectionToResume } from './resume-point.ts';
import { changedUnderfoot, unreadable } from './source-errors.ts';
import { findRenamed, SourceFile } from './source-file.ts';

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

function openExisting(split: SplitId, path: string): SourceFile | undefined {
  try {
    return new SourceFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(split, path, error);
  }
}
