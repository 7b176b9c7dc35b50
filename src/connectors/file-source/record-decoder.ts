/** Values of records, from their text. Pure. */
import { CsvRowReader, splitCsvRow } from './csv-row.ts';
import type { FileSourceSettings } from './file-source-options.ts';
import { checkJsonShape, type JsonLimits } from './json-guard.ts';
import { Refusal } from './refusal.ts';

/** The value; a {@link Refusal} that says why there is none; `undefined` for a blank line, which is passed over. */
export type RecordDecoder = (text: string) => unknown;

/** `isBlankAllowed`: text of nothing but white space is passed over instead of refused. */
export function jsonDecoder(limits: JsonLimits, isBlankAllowed: boolean): RecordDecoder {
  return (text) => {
    const refusal = checkJsonShape(text, limits);
    if (refusal !== undefined) return refusal;
    try {
      return JSON.parse(text);
    } catch (error) {
      if (/^[ \t\r\n]*$/.test(text)) return isBlankAllowed ? undefined : new Refusal('is empty');
      return new Refusal(`is not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

/** `header`: the text of the row that names the columns, where the file has one. */
export function csvDecoder(settings: FileSourceSettings, header: string | undefined): RecordDecoder | Refusal {
  const { csv, keysMax } = settings;
  const columns = header === undefined ? csv.header : splitCsvRow(header, csv.delimiter);
  if (columns instanceof Refusal) return columns;
  if (!Array.isArray(columns)) return (text) => limited(splitCsvRow(text, csv.delimiter), keysMax);
  const problem = problemOfColumns(columns, settings);
  if (problem !== undefined) return new Refusal(problem);
  const rows = new CsvRowReader(columns, csv);
  return (text) => rows.read(text);
}

function limited(fields: string[] | Refusal, most: number): unknown {
  return Array.isArray(fields) && fields.length > most ? new Refusal(`has more than ${most} columns`) : fields;
}

function problemOfColumns(columns: readonly string[], { csv, keysMax }: FileSourceSettings): string | undefined {
  if (columns.length > keysMax) return `has more than ${keysMax} columns`;
  const seen = new Set<string>();
  const twice = columns.find((column) => seen.size === seen.add(column).size);
  if (twice !== undefined) return `names column '${twice}' twice`;
  const unknown = Object.keys(csv.types).find((column) => !columns.includes(column));
  return unknown === undefined ? undefined : `has no column '${unknown}', for which csv.types gives a type`;
}
