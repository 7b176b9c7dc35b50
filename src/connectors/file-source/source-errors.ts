import { ConnectorError, type SplitId } from '../../model/index.ts';

/** What the operating system says about a file, as one sentence. Nothing that a retry would mend is retried. */
export function unreadable(split: SplitId, path: string, error: unknown): ConnectorError {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const details = { code: 'ERR_SOURCE_FILE', split, cause: error } as const;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ConnectorError(`the input file ${path} does not exist; check the path`, {
        ...details,
        recovery: 'none',
      });
    case 'EACCES':
    case 'EPERM':
      return new ConnectorError(`the input file ${path} may not be read; give this user permission to read it`, {
        ...details,
        recovery: 'none',
      });
    case 'EISDIR':
      return new ConnectorError(
        `${path} is a folder or device, not a file; name a file, or use '*' for the files in a folder`,
        {
          ...details,
          recovery: 'none',
        },
      );
    default:
      return new ConnectorError(
        `the input file ${path} could not be read: ${error instanceof Error ? error.message : String(error)}; check the disk it is on`,
        details,
      );
  }
}

/** The file is not what it was when the checkpoint was made, and nobody has allowed to start over. */
export function changedUnderfoot(split: SplitId, path: string, what: string): ConnectorError {
  return new ConnectorError(
    `the input file ${path} ${what}; put back the old content, or set onTruncate: 'restart' to read it from its beginning`,
    { code: 'ERR_SOURCE_FILE', split, recovery: 'none' },
  );
}

/** Whether the operating system said it. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
