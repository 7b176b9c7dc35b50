/** Fields of one CSV row, and rows as records. Pure. */
import type { CsvSettings, CsvType } from './file-source-options.ts';
import { Refusal } from './refusal.ts';

/** The row's fields without their quotes. */
export function splitCsvRow(text: string, delimiter: string): string[] | Refusal {
  if (!text.includes('"')) return text.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1);
      if (close === -1) return new Refusal(`field ${fields.length + 1} has no closing quote`);
      fields.push(text.slice(at + 1, close).replaceAll('""', '"'));
      at = close + 1;
      if (at === text.length) return fields;
      if (text[at] !== delimiter) return new Refusal(`field ${fields.length} goes on behind its closing quote`);
    } else {
      const end = text.indexOf(delimiter, at);
      const field = end === -1 ? text.slice(at) : text.slice(at, end);
      if (field.includes('"')) return new Refusal(`field ${fields.length + 1} has a quote but does not begin with one`);
      fields.push(field);
      if (end === -1) return fields;
      at = end;
    }
    at += 1;
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

type Convert = (text: string) => unknown;

/** Makes records of rows whose columns have names. */
export class CsvRowReader {
  readonly #columns: readonly string[];
  readonly #delimiter: string;
  readonly #converts: readonly (Convert | undefined)[];

  constructor(columns: readonly string[], settings: CsvSettings) {
    this.#columns = columns;
    this.#delimiter = settings.delimiter;
    this.#converts = columns.map((column) =>
      Object.hasOwn(settings.types, column) ? converterOf(settings.types[column]!) : undefined,
    );
  }

  read(text: string): unknown {
    const fields = splitCsvRow(text, this.#delimiter);
    if (fields instanceof Refusal) return fields;
    const columns = this.#columns;
    if (fields.length !== columns.length) {
      return new Refusal(`has ${fields.length} columns instead of ${columns.length}`);
    }
    const row: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i++) {
      const convert = this.#converts[i];
      const value = convert === undefined ? fields[i]! : convert(fields[i]!);
      if (value instanceof Refusal) return new Refusal(`column '${columns[i]}' ${value.reason}`);
      setOwn(row, columns[i]!, value);
    }
    return row;
  }
}

/** A column may be called `__proto__`; assigning to that would change the object's prototype. */
function setOwn(row: Record<string, unknown>, column: string, value: unknown): void {
  if (column !== '__proto__') row[column] = value;
  else Object.defineProperty(row, column, { value, enumerable: true, configurable: true, writable: true });
}

function converterOf(type: CsvType): Convert | undefined {
  switch (type) {
    case 'string':
      return undefined;
    case 'number':
      return toNumber;
    case 'boolean':
      return toBoolean;
  }
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

function toNumber(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  return DECIMAL.test(trimmed) ? Number(trimmed) : new Refusal(`is no number: ${JSON.stringify(text.slice(0, 40))}`);
}

function toBoolean(text: string): unknown {
  switch (text.trim().toLowerCase()) {
    case 'true':
      return true;
    case 'false':
      return false;
    case '':
      return null;
    default:
      return new Refusal(`is neither true nor false: ${JSON.stringify(text.slice(0, 40))}`);
  }
}
