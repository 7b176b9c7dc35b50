/**
 * Counts nesting and members of a JSON text without parsing it, so that a record that would hurt later (no codec takes
 * more than about 1,190 levels) is refused before it costs memory. Exact for valid JSON; the rest is for the parser to refuse.
 */
import { Refusal } from './refusal.ts';

export interface JsonLimits {
  readonly depthMax: number;
  readonly keysMax: number;
}

/** Shortest member with its separator: `"":0,`. */
const MEMBER_CHARS_MIN = 5;

/** `undefined`: within the limits. */
export function checkJsonShape(text: string, limits: JsonLimits): Refusal | undefined {
  // A text too short for a violation has none; most records end here.
  const mayBeDeep = text.length > 2 * limits.depthMax && hasMoreBrackets(text, limits.depthMax);
  const mayBeWide = text.length > MEMBER_CHARS_MIN * limits.keysMax;
  return mayBeDeep || mayBeWide ? countShape(text, limits) : undefined;
}

/** Whether the text has more than `most` opening brackets, inside strings or not. */
function hasMoreBrackets(text: string, most: number): boolean {
  let count = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (++count > most) return true;
    }
  }
  return false;
}

function countShape(text: string, { depthMax, keysMax }: JsonLimits): Refusal | undefined {
  let depth = 0;
  let keys = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 34:
        i = closingQuote(text, i);
        break;
      case 91:
      case 123:
        if (++depth > depthMax) return new Refusal(`nested more than ${depthMax} levels deep`);
        break;
      case 93:
      case 125:
        depth--;
        break;
      case 58:
        if (++keys > keysMax) return new Refusal(`has more than ${keysMax} fields`);
        break;
    }
  }
  return undefined;
}

/** Index of the quote that closes the string opened at `open`; the end of the text if there is none. */
function closingQuote(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) return i;
    if (code === 92) i++;
  }
  return text.length;
}
