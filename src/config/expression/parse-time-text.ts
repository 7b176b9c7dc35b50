/**
 * Times written as text: ISO 8601 as job data has it, and the same with slashes or a space. Pure.
 *
 * Not `Date.parse`, which reads a time without a zone as local time: a job would have other windows on another machine. Here it is UTC.
 */

const TIME =
  /^([+-]\d{6}|\d{4})([-/])(\d{2})\2(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s?([Zz]|[+-]\d{2}:?\d{2}))?)?$/;

/** Milliseconds since the Unix epoch; NaN where the text is no time. */
export function parseTimeText(text: string): number {
  const match = TIME.exec(text.trim());
  if (match === null) return Number.NaN;
  const [, year, , month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // The 31st of June is no time rather than the 1st of July.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return Number.NaN;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return Number.NaN;
  const milliseconds = Math.floor(Number(`0.${fraction === '' ? '0' : fraction}`) * 1000);
  const inDay = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + milliseconds;
  return date.getTime() + inDay - offsetOf(zone);
}

function offsetOf(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
