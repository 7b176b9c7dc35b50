/** Numbers for people: the same on every machine, whatever its locale. Pure. */

/** `1,234,567` */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 dead letter`, `1,234 dead letters` */
export function formatCounted(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${Math.round(count) === 1 ? one : many}`;
}

/** `0.075 ms`, `12.3 ms`, `4.21 s`, `3 min 20 s` */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${significant(ms)} ms`;
  if (ms < 60_000) return `${significant(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

/** `640 B`, `1.5 KiB`, `12 MiB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : significant(value)} ${units[unit]}`;
}

/** Three significant digits, at most three behind the point. */
function significant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return trimZeros(value.toFixed(1));
  return trimZeros(value.toFixed(value >= 1 ? 2 : 3));
}

function trimZeros(text: string): string {
  return text.replace(/\.?0+$/, '');
}
