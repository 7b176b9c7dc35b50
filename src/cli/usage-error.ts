/** A command line that makes no sense. Exit code 2. */
export class UsageError extends Error {
  /** The command whose help to point at, where one was recognised. */
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.name = 'UsageError';
    this.command = command;
  }
}
