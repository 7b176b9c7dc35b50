/** Event time of a job in words: how far it has come, what holds it back, what came too late. Pure. */
import type { JobStatus } from '../index.ts';
import { escapeText } from './escape-text.ts';
import { formatCount, formatDuration } from './format-number.ts';

/** A split that has been silent for less is not worth a word. */
const SILENT_MS = 2000;

/** Absent: no source with event time is live. */
export function describeWatermark({ time: { heldBackBy, idleSplits } }: JobStatus): string | undefined {
  if (heldBackBy === undefined) return undefined;
  const { source, split, watermark, silentMs } = heldBackBy;
  const at = watermark === undefined ? 'not known yet' : formatTime(watermark);
  const silence = silentMs < SILENT_MS ? '' : `, silent for ${formatDuration(silentMs)}`;
  const idle = idleSplits === 0 ? '' : `; ${formatCount(idleSplits)} idle and not waited for`;
  return escapeText(`${at}, held by ${source}, split ${split}${silence}${idle}`);
}

/** Absent: nothing has come too late. */
export function describeLate({ late }: JobStatus): string | undefined {
  const nodes = Object.entries(late);
  if (nodes.length === 0) return undefined;
  return escapeText(nodes.map(([node, records]) => `${formatCount(records)} at ${node}`).join(', '));
}

/** What a live job waits for, once that takes noticeably long. */
export function describeWait(status: JobStatus): string | undefined {
  const { heldBackBy } = status.time;
  if (heldBackBy === undefined || heldBackBy.silentMs < SILENT_MS) return undefined;
  return escapeText(
    `watermark waits for ${heldBackBy.source}, split ${heldBackBy.split}, silent for ${formatDuration(heldBackBy.silentMs)}`,
  );
}

/** ISO 8601 where a date can hold it. */
function formatTime(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : `${time} ms`;
}
