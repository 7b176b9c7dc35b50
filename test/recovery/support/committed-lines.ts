/**
 * The output of a file sink as a reader finds it, against what the checkpoint says is committed: not a byte more at any
 * time, and less by no more than the latest epoch, whose making visible a kill may have cut short.
 */
import type { CommitToken } from '../../../src/model/index.ts';
import type { TemporaryFolder } from './temporary-folder.ts';
import type { Complain } from './violations.ts';

export interface CommittedLines<Row> {
  readonly rows: readonly Row[];
  /** The latest committed epoch is not all there yet: the next start has to bring the rest. */
  readonly isPart: boolean;
}

/** `file` is a file or, where the sink rotates, a folder of parts. */
export function readCommittedLines<Row>(
  folder: TemporaryFolder,
  file: string,
  token: CommitToken | undefined,
  complain: Complain,
): CommittedLines<Row> {
  if (token === undefined) {
    if (folder.exists(file) && folder.list(file).some((name) => !name.startsWith('.')))
      complain(`${file} is visible though no epoch is committed`);
    return { rows: [], isPart: false };
  }
  const { part, start, end } = token as unknown as {
    readonly part: number;
    readonly start: number;
    readonly end: number;
  };
  if (part === 0) return readFile(folder, file, start, end, complain);
  const rows: Row[] = [];
  for (let number = 1; number < part; number++) {
    const name = partOf(file, number);
    const length = folder.read(name)?.length;
    if (length === undefined) complain(`${name} is missing`);
    else rows.push(...readFile<Row>(folder, name, length, length, complain).rows);
  }
  const last = readFile<Row>(folder, partOf(file, part), start, end, complain);
  const visible = folder.list(file).filter((name) => !name.startsWith('.'));
  for (const name of visible.slice(part)) complain(`${file}/${name} is visible though not committed`);
  return { rows: [...rows, ...last.rows], isPart: last.isPart };
}

function readFile<Row>(
  folder: TemporaryFolder,
  file: string,
  start: number,
  end: number,
  complain: Complain,
): CommittedLines<Row> {
  const bytes = folder.read(file) ?? Buffer.alloc(0);
  const isPart = bytes.length < end || !folder.exists(file);
  if (bytes.length > end) complain(`${file} has ${bytes.length} bytes, ${bytes.length - end} of them not committed`);
  if (bytes.length < start) complain(`${file} has ${bytes.length} bytes, ${start} were visible before`);
  const text = bytes.toString('utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (!isPart && whole.length !== text.length) complain(`${file} ends in the middle of a line`);
  const rows: Row[] = [];
  for (const line of whole.split('\n').slice(0, -1)) {
    try {
      rows.push(JSON.parse(line) as Row);
    } catch {
      complain(`${file} has a torn line: ${line.slice(0, 100)}`);
    }
  }
  return { rows, isPart };
}

function partOf(file: string, number: number): string {
  return `${file}/part-${String(number).padStart(5, '0')}.jsonl`;
}
