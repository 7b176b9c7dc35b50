/** Event time of a job in words: how far it has come, what holds it back, what came too late. Pure. */
import type { JobStatus } from '../index.ts';
import { escapeText } from './escape-text.ts';
import { formatCount, formatCounted, formatDuration } from './format-number.ts';

/** A split that has been silent for less is not worth a word. */
const SILENT_MS = 2000;

/** Who has mended a job is not to think that it is still wrong. */
const EVER = 'since the state directory began';

type HeldBack = NonNullable<JobStatus['time']['heldBackBy']>;

/** Absent: no source with event time is live. */
export function describeWatermark({ time: { heldBackBy, idleSplits } }: JobStatus): string | undefined {
  if (heldBackBy === undefined) return undefined;
  const { watermark, silentMs } = heldBackBy;
  const at = watermark === undefined ? 'not known yet' : formatTime(watermark);
  const silence = silentMs < SILENT_MS ? '' : `, silent for ${formatDuration(silentMs)}`;
  const idle = idleSplits === 0 ? '' : `; ${formatCount(idleSplits)} idle and not waited for`;
  return escapeText(`${at}, held by ${describeSplit(heldBackBy)}${silence}${idle}`);
}

/** Absent: nothing has come too late. */
export function describeLate({ late }: JobStatus): string | undefined {
  const nodes = Object.entries(late);
  if (nodes.length === 0) return undefined;
  return escapeText(`${nodes.map(([node, records]) => `${formatCount(records)} at ${node}`).join(', ')}, ${EVER}`);
}

/** Absent: every record that was asked for an event time had one. */
export function describeUntimed({ time }: JobStatus): string | undefined {
  const [first, ...others] = Object.entries(time.untimed);
  if (first === undefined) return undefined;
  const counts = [
    `${formatCounted(first[1], 'record')} of ${first[0]}`,
    ...others.map(([source, records]) => `${formatCount(records)} of ${source}`),
  ];
  return escapeText(
    `${counts.join(', ')}, ${EVER}, had no event time: withEventTime (in a job file: "eventTime") found none in them, and what goes by event time takes them for late; check its field or function, and the unit`,
  );
}

/** What a live job waits for, once that takes noticeably long or no record can end it. */
export function describeWait(status: JobStatus): string | undefined {
  const { heldBackBy } = status.time;
  if (heldBackBy === undefined) return undefined;
  const isSilent = heldBackBy.silentMs >= SILENT_MS;
  if (!isSilent && !isUntimed(heldBackBy)) return undefined;
  const silence = isSilent ? `, silent for ${formatDuration(heldBackBy.silentMs)}` : '';
  return escapeText(`watermark waits for ${describeSplit(heldBackBy)}${silence}`);
}

function describeSplit(held: HeldBack): string {
  const { source, split, untimed } = held;
  return `${source}, split ${split}${isUntimed(held) ? ` (${formatCounted(untimed, 'record')} of it had no event time)` : ''}`;
}

/** It has had records, and cannot take the watermark on with any of them. */
function isUntimed({ watermark, untimed }: HeldBack): boolean {
  return watermark === undefined && untimed > 0;
}

/** ISO 8601 where a date can hold it. */
function formatTime(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : `${time} ms`;
}
