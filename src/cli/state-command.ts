/**
 * `millrace state DIR ...`: what a state directory holds, read-only, with or without a running job.
 */
import { decodeKey } from '../codec/key-codec.ts';
import { decodeValue } from '../codec/value-codec.ts';
import { suggest } from '../config/index.ts';
import {
  type BatchPlan,
  type CheckpointManifest,
  END_OF_TIME,
  type Epoch,
  type Key,
  TIME_UNSET,
} from '../model/index.ts';
import { type EpochDetail, inspectState, type StateEntry, type StateInspection } from '../storage/index.ts';
import { EXIT_DONE, EXIT_FAILED } from './decide-exit-code.ts';
import { describeBatch, describeRanges } from './describe-batch.ts';
import { escapeText } from './escape-text.ts';
import { formatBytes, formatCount, formatCounted } from './format-number.ts';
import { renderValue } from './render-value.ts';
import type { Terminal } from './runner.ts';
import { UsageError } from './usage-error.ts';

interface Request {
  readonly state: StateInspection;
  readonly words: readonly string[];
  readonly isJson: boolean;
  readonly terminal: Terminal;
}

interface View {
  readonly usage: string;
  readonly wordsMin: number;
  readonly wordsMax: number;
  show(request: Request): number;
}

const VIEWS: Readonly<Record<string, View>> = {
  list: { usage: 'list', wordsMin: 0, wordsMax: 0, show: showList },
  show: { usage: 'show [EPOCH]', wordsMin: 0, wordsMax: 1, show: showEpoch },
  get: { usage: 'get NODE STATE KEY, or get TABLE KEY', wordsMin: 2, wordsMax: 3, show: showKey },
  export: { usage: 'export [NODE [STATE]]', wordsMin: 0, wordsMax: 2, show: exportEntries },
  table: { usage: 'table TABLE', wordsMin: 1, wordsMax: 1, show: exportTable },
  verify: { usage: 'verify', wordsMin: 0, wordsMax: 0, show: showVerification },
  'dead-letters': { usage: 'dead-letters', wordsMin: 0, wordsMax: 0, show: showDeadLetters },
};

/** Returns the exit code: 1 when something asked for is not there or is damaged. */
export function stateCommand(directory: string, words: readonly string[], isJson: boolean, terminal: Terminal): number {
  const [name = 'list', ...rest] = words;
  const view = Object.hasOwn(VIEWS, name) ? VIEWS[name] : undefined;
  if (view === undefined) {
    const names = Object.keys(VIEWS);
    const meant = suggest(name, names);
    const hint = meant === undefined ? `; there are ${names.join(', ')}` : `; did you mean ${meant}?`;
    throw new UsageError(`millrace state has no ${JSON.stringify(name)}${hint}`, 'state');
  }
  if (rest.length < view.wordsMin || rest.length > view.wordsMax) {
    throw new UsageError(`it is: millrace state DIR ${view.usage}`, 'state');
  }
  const state = inspectState(directory);
  try {
    return view.show({ state, words: rest, isJson, terminal });
  } finally {
    state.close();
  }
}

function showList({ state, isJson, terminal }: Request): number {
  const manifests = state.list();
  if (isJson) {
    for (const manifest of manifests) terminal.out(`${renderValue(manifest)}\n`);
    return EXIT_DONE;
  }
  const { job, formatVersion, keyGroups } = state.descriptor;
  terminal.out(`job ${escapeText(job)}, format ${formatVersion}, ${formatCounted(keyGroups, 'key group')}\n`);
  if (manifests.length === 0) terminal.out('no epoch has been committed yet\n');
  for (const manifest of manifests) terminal.out(`${describeManifest(manifest)}\n`);
  const planned = state.planned();
  if (planned !== undefined) terminal.out(`${describeBatch(planned)}\n`);
  return EXIT_DONE;
}

function showEpoch({ state, words, isJson, terminal }: Request): number {
  const [text] = words;
  if (text !== undefined && !/^\d{1,15}$/.test(text))
    throw new UsageError(`${JSON.stringify(text)} is no epoch number`, 'state');
  const epoch = text === undefined ? undefined : Number(text);
  const detail = state.show(epoch);
  const planned = plannedFor(state, epoch);
  if (detail === undefined && planned === undefined) {
    const retained = state.list().map(({ epoch }) => epoch);
    const known = retained.length === 0 ? 'none is' : `${retained.join(', ')} ${retained.length === 1 ? 'is' : 'are'}`;
    terminal.err(`epoch ${text ?? 'latest'} is not retained; ${known}\n`);
    return EXIT_FAILED;
  }
  if (isJson) terminal.out(`${renderValue({ ...detail, ...(planned === undefined ? {} : { planned }) })}\n`);
  else {
    if (detail !== undefined) terminal.out(describeDetail(detail));
    if (planned !== undefined) terminal.out(`${[describeBatch(planned), ...describeRanges(planned)].join('\n')}\n`);
  }
  return EXIT_DONE;
}

/** Shown beside the latest epoch, and when its own number is asked for. */
function plannedFor(state: StateInspection, epoch: Epoch | undefined): BatchPlan | undefined {
  const planned = state.planned();
  return epoch === undefined || planned?.epoch === epoch ? planned : undefined;
}

function showKey({ state, words, terminal }: Request): number {
  const keyText = words.at(-1)!;
  const [node, name] = words as [string, string];
  const find = (key: Key): unknown => (words.length === 3 ? state.get(node, name, key) : findRow(state, node, key));
  for (const key of readKeys(keyText)) {
    const value = find(key);
    if (value === undefined) continue;
    terminal.out(`${renderValue(value)}\n`);
    return EXIT_DONE;
  }
  const states = state.states().map((known) => `${known.node} ${known.state} (${known.kind})`);
  const where = words.length === 3 ? `state ${name} of ${node}` : `table ${node}`;
  terminal.err(
    `there is no key ${escapeText(keyText)} in ${escapeText(where)}; states: ${escapeText(states.join(', ')) || 'none'}\n`,
  );
  return EXIT_FAILED;
}

function findRow(state: StateInspection, table: string, key: Key): unknown {
  for (const row of state.rows(table)) {
    const found = decodeKey(row.key);
    if (typeof found === typeof key && Object.is(found, key)) return decodeValue(row.value);
  }
  return undefined;
}

/** What a word may mean as a key: itself, or the number, bool or bigint it reads as. `"5"` in quotes is the string. */
export function readKeys(text: string): readonly Key[] {
  if (/^".*"$/s.test(text)) {
    try {
      return [JSON.parse(text) as string];
    } catch {
      return [text];
    }
  }
  const keys: Key[] = [text];
  if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) keys.push(Number(text));
  if (/^-?\d+n?$/.test(text)) keys.push(BigInt(text.replace('n', '')));
  if (text === 'true' || text === 'false') keys.push(text === 'true');
  return keys;
}

/** Always JSON lines: an export is for programs. */
function exportEntries({ state, words, terminal }: Request): number {
  const [node, name] = words;
  for (const entry of state.entries()) {
    if ((node !== undefined && entry.node !== node) || (name !== undefined && entry.state !== name)) continue;
    terminal.out(`${renderValue(exportedEntry(entry))}\n`);
  }
  return EXIT_DONE;
}

function exportedEntry({ node, state, kind, key, at, value, expiresAt }: StateEntry): unknown {
  if (kind === 'timers') return { node, state, kind, at, key, tag: value };
  return {
    ...{ node, state, kind, key, ...(at === undefined ? {} : { at }), value },
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function exportTable({ state, words, terminal }: Request): number {
  const [table] = words as [string];
  for (const row of state.rows(table)) {
    terminal.out(`${renderValue({ key: decodeKey(row.key), value: decodeValue(row.value) })}\n`);
  }
  return EXIT_DONE;
}

function showVerification({ state, isJson, terminal }: Request): number {
  const report = state.verify();
  const { problems, problemCount, manifests, plans, deltas, entries, rows, deadLetters } = report;
  if (isJson) terminal.out(`${renderValue(report)}\n`);
  else {
    const counts = [
      formatCounted(manifests, 'manifest'),
      ...(plans === 0 ? [] : [formatCounted(plans, 'planned batch', 'planned batches')]),
      formatCounted(deltas, 'delta'),
      formatCounted(entries, 'entry', 'entries'),
      formatCounted(rows, 'table row'),
      formatCounted(deadLetters, 'dead letter'),
    ];
    terminal.out(
      `checked ${counts.join(', ')}: ${problemCount === 0 ? 'all intact' : `${formatCount(problemCount)} damaged`}\n`,
    );
    for (const problem of problems) terminal.err(`  ${escapeText(problem)}\n`);
    if (problemCount > problems.length) terminal.err(`  and ${formatCount(problemCount - problems.length)} more\n`);
  }
  return problemCount === 0 ? EXIT_DONE : EXIT_FAILED;
}

function showDeadLetters({ state, isJson, terminal }: Request): number {
  for (const { raw, ...letter } of state.deadLetters()) {
    const text = Buffer.from(raw).toString('utf8');
    if (isJson) terminal.out(`${renderValue({ ...letter, raw: text })}\n`);
    else {
      const place = `epoch ${letter.epoch}  ${letter.node}  ${letter.split} at ${letter.offset}`;
      const bytes =
        letter.rawBytes === raw.length
          ? ''
          : ` (the first ${formatBytes(raw.length)} of ${formatBytes(letter.rawBytes)})`;
      terminal.out(`${escapeText(place)}: ${escapeText(letter.reason)}\n  ${escapeText(text)}${bytes}\n`);
    }
  }
  return EXIT_DONE;
}

function describeManifest({ epoch, generation, committedAt, totals, isComplete }: CheckpointManifest): string {
  const parts = [
    `epoch ${epoch}`,
    new Date(committedAt).toISOString(),
    `generation ${generation}`,
    `${formatCount(totals.recordsRead)} read`,
    `${formatCount(totals.recordsWritten)} written`,
    totals.deadLetters === 0 ? '' : formatCounted(totals.deadLetters, 'dead letter'),
    totals.recordsSkipped === 0 ? '' : `${formatCount(totals.recordsSkipped)} skipped`,
    isComplete ? 'complete' : '',
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** Where the job stands in time, as far as it has any. */
function describeTime({ time }: CheckpointManifest): readonly string[] {
  const { stages, splits, nextEventTimer, nextProcessingTimer, late, untimed = {} } = time;
  const lines: string[] = [];
  for (const [node, watermark] of Object.entries(stages)) {
    if (watermark !== TIME_UNSET) lines.push(`  watermark of ${escapeText(node)}  ${showTime(watermark)}`);
  }
  for (const [node, ofSplits] of Object.entries(splits)) {
    for (const [split, seen] of Object.entries(ofSplits)) {
      if (seen !== TIME_UNSET) lines.push(`  latest of ${escapeText(node)}  ${escapeText(split)}  ${showTime(seen)}`);
    }
  }
  if (nextEventTimer !== END_OF_TIME) lines.push(`  next event-time timer  ${showTime(nextEventTimer)}`);
  if (nextProcessingTimer !== END_OF_TIME) lines.push(`  next processing-time timer  ${showTime(nextProcessingTimer)}`);
  for (const [node, records] of Object.entries(late)) {
    lines.push(`  late at ${escapeText(node)}  ${formatCounted(records, 'record')}`);
  }
  for (const [node, ofSplits] of Object.entries(untimed)) {
    for (const [split, records] of Object.entries(ofSplits)) {
      lines.push(`  no event time in ${escapeText(node)}  ${escapeText(split)}  ${formatCounted(records, 'record')}`);
    }
  }
  return lines.length === 0 ? [] : [`time (${time.policy})`, ...lines];
}

/** As a date where it is one. */
function showTime(time: number): string {
  if (time === END_OF_TIME) return 'end of input';
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : `${date.toISOString()} (${time})`;
}

function describeDetail({ manifest, changes, deadLetters }: EpochDetail): string {
  const lines = [describeManifest(manifest), `fingerprint ${manifest.fingerprint}`, ...describeTime(manifest), 'nodes'];
  for (const [node, { kind, states }] of Object.entries(manifest.nodes)) {
    const named = states.map(({ name, kind: of }) => `${name} (${of})`).join(', ');
    lines.push(`  ${escapeText(node)}  ${kind}${named === '' ? '' : `  ${escapeText(named)}`}`);
  }
  lines.push('offsets');
  for (const [node, splits] of Object.entries(manifest.offsets)) {
    for (const [split, offset] of Object.entries(splits)) {
      lines.push(`  ${escapeText(node)}  ${escapeText(split)}  ${renderValue(offset)}`);
    }
  }
  lines.push('changes of this epoch');
  if (changes === undefined) lines.push('  folded into the base tables');
  for (const { node, entries, bytes } of changes ?? []) {
    lines.push(`  ${escapeText(node)}  ${formatCounted(entries, 'entry', 'entries')}  ${formatBytes(bytes)}`);
  }
  if (deadLetters > 0) lines.push(formatCounted(deadLetters, 'dead letter'));
  return `${lines.join('\n')}\n`;
}
