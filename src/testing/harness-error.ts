import { MillraceError } from '../model/index.ts';

/** Raised when an operator breaks a rule that the test kit checks, or a test asks for what cannot be. */
export class HarnessError extends MillraceError {
  constructor(message: string) {
    super(message, { code: 'ERR_HARNESS', domain: 'user', recovery: 'none' });
  }
}
