/** One deliberate bug: a text of one source file, and what it is replaced with. */

export interface Mutant {
  /** Letter of its table and a number; never given again. */
  readonly id: string;
  /** What the program does wrong with it. */
  readonly bug: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** Files or folders of tests, of which one at least must fail; the cheapest that should. */
  readonly tests: readonly string[];
}

/**
 * What keeps mutants from being applied, in sentences; none is right. `read` returns the text of a file, or `undefined` where there is
 * no such file or folder; of a folder any text.
 */
export function findMisfits(mutants: readonly Mutant[], read: (path: string) => string | undefined): readonly string[] {
  const ids = mutants.map(({ id }) => id);
  const repeated = ids.filter((id, index) => ids.indexOf(id) < index).map((id) => `${id} is the id of two mutants`);
  return [...repeated, ...mutants.flatMap((mutant) => findMisfit(mutant, read))];
}

function findMisfit({ id, bug, file, from, to, tests }: Mutant, read: (path: string) => string | undefined): string[] {
  const misfits = tests
    .filter((path) => read(path) === undefined)
    .map((path) => `${id}: there are no tests at ${path}`);
  if (tests.length === 0) misfits.push(`${id} names no tests`);
  if (from === to) misfits.push(`${id} changes nothing`);
  const found = (read(file) ?? '').split(from).length - 1;
  if (found !== 1) {
    misfits.push(
      `${id} (${bug}) fits ${file} ${found === 0 ? 'no more' : `${found} times`}: its text must stand there once`,
    );
  }
  return misfits;
}
