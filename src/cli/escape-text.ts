/**
 * Text from data (names, keys, messages) on its way to a terminal: control characters become visible escapes, so that no
 * record can move the cursor, change colours or forge lines (S11). Pure.
 */

const FIELD_LENGTH_MAX = 4096;

/** C0, DEL, C1, and the marks that reorder or break lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** One line of text, cut at `lengthMax` characters (4 KiB). */
export function escapeText(text: string, lengthMax: number = FIELD_LENGTH_MAX): string {
  const cut = text.length > lengthMax ? `${text.slice(0, lengthMax)}...` : text;
  return cut.replace(UNSAFE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** As {@link escapeText} for text of several lines that are meant: error messages with lists, plans. */
export function escapeLines(text: string, lengthMax: number = FIELD_LENGTH_MAX): string {
  return text
    .split('\n')
    .map((line) => escapeText(line, lengthMax))
    .join('\n');
}
