import type { RecordScanner } from './record-scanner.ts';

const NEWLINE = 10;

/** One record a line. */
export class LineScanner implements RecordScanner {
  readonly lead: number = 0;
  readonly isClosed: boolean = false;

  begin(): void {}

  scan(bytes: Uint8Array, from: number, to: number): number {
    const at = bytes.indexOf(NEWLINE, from);
    return at < to ? at : -1;
  }

  isNothing(contentBytes: number): boolean {
    return contentBytes === 0;
  }

  endOfInput(): string | undefined {
    return undefined;
  }
}
