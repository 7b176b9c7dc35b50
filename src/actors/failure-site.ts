/**
 * Names the place of a failure, so that a failure which comes back can be told from one that only looks alike. Pure.
 *
 * Every name is a sentence part for messages and is compared as a whole.
 */
import type { ErrorReport } from '../model/index.ts';

export interface FailureSite {
  /** One record, for ever the same: `split 'a.jsonl' offset 12`. */
  readonly record: string | undefined;
  /** Every record of a key at a node: `key 'ATL' at 'sum'`. */
  readonly key: string | undefined;
  /** Code and node, key and position as far as known, of an error that depends on nothing but the input. */
  readonly certain: string | undefined;
}

/**
 * Errors that the same input leads to every time: a value outside the value domain, a key of a wrong type, an expression without
 * a value. What other user code throws may depend on a service, on time or on chance.
 */
const CERTAIN_CODES: ReadonlySet<string> = new Set(['ERR_VALUE', 'ERR_KEY', 'ERR_EXPRESSION']);

/** From the report itself, or from the first of its causes that knows. */
export function deriveSite(report: ErrorReport): FailureSite {
  return {
    record: firstOf(report, recordOf),
    key: firstOf(report, keyOf),
    certain: firstOf(report, certainOf),
  };
}

/** The most exact name there is. */
export function describeSite(site: FailureSite): string {
  return site.record ?? site.key ?? site.certain ?? 'at an unknown place';
}

function firstOf(report: ErrorReport, nameOf: (report: ErrorReport) => string | undefined): string | undefined {
  for (let at: ErrorReport | undefined = report; at !== undefined; at = at.cause) {
    const name = isOutside(at) ? undefined : nameOf(at);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** What something outside is to blame for is no property of the record at hand. Its budget and backoff are made for that. */
function isOutside(report: ErrorReport): boolean {
  return report.recovery === 'backoff';
}

function recordOf({ split, offset }: ErrorReport): string | undefined {
  return split === undefined || offset === undefined ? undefined : `split '${split}' offset ${offset}`;
}

function keyOf({ key, node }: ErrorReport): string | undefined {
  if (key === undefined) return undefined;
  return `key '${key}'${node === undefined ? '' : ` at '${node}'`}`;
}

function certainOf(report: ErrorReport): string | undefined {
  if (!CERTAIN_CODES.has(report.code) || report.node === undefined) return undefined;
  const place = [`node '${report.node}'`];
  if (report.key !== undefined) place.push(`key '${report.key}'`);
  const record = recordOf(report);
  if (record !== undefined) place.push(record);
  return `${report.code} at ${place.join(', ')}`;
}
