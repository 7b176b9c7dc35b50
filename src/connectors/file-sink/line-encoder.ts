/** Records as lines of text, newline included. Pure. */
import { jsonText } from '../json-text.ts';

export type LineEncoder = (value: unknown) => string;

export function jsonLine(value: unknown): string {
  return `${jsonText(value)}\n`;
}

/**
 * RFC 4180, with `\n` between rows. `null` and `undefined` are empty fields, dates ISO strings, bigints decimal, other
 * objects JSON.
 */
export function csvLineEncoder(columns: readonly string[]): LineEncoder {
  return (value) => {
    const row = (value ?? {}) as Readonly<Record<string, unknown>>;
    let line = '';
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!;
      const field = csvField(Object.hasOwn(row, column) ? row[column] : undefined);
      line += i === 0 ? field : `,${field}`;
    }
    // A row of one empty field would be an empty line, which readers pass over.
    return line === '' ? '""\n' : `${line}\n`;
  };
}

export function csvHeader(columns: readonly string[]): string {
  return `${columns.map(quoted).join(',')}\n`;
}

function csvField(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return '';
    case 'string':
      return quoted(value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      if (value === null) return '';
      return quoted(value instanceof Date ? value.toISOString() : jsonText(value));
  }
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
