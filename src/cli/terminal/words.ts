import { formatDuration } from '../../core/values/duration.ts';
import type { RouterName } from '../../core/values/router-name.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { measureCells, takeCells } from './cells.ts';

/** `2 min ago`, or `never`. */
export function formatAgo(time: UnixSeconds | 'never', now: UnixSeconds): string {
  return time === 'never' ? 'never' : `${formatAge(time, now)} ago`;
}

/** `2 min`, or `never`. */
export function formatAge(time: UnixSeconds | 'never', now: UnixSeconds): string {
  return time === 'never' ? 'never' : formatDuration(now - time);
}

/** `in 12 min`, or `now` if it is due. */
export function formatUntil(time: UnixSeconds, now: UnixSeconds): string {
  return time - now < 1 ? 'now' : `in ${formatDuration(time - now)}`;
}

/** In the time zone of the reader, as the journal prints it: `2026-11-20 12:57:36`. */
export function formatTime(time: UnixSeconds): string {
  // Sweden writes ISO 8601.
  return new Date(time * 1000).toLocaleString('sv-SE');
}

/** Allowed IPs in CIDR notation; those of a single host without the prefix length. */
export function formatNetworks(networks: readonly string[]): string {
  return networks.map((network) => network.replace(/\/128$/, '').replace(/^([0-9.]+)\/32$/, '$1')).join(', ');
}

/** ` (Church tower, Koblenz)`, to follow a key; nothing if it has no name. */
export function appendName(name: RouterName | undefined): string {
  return name === undefined ? '' : ` (${name})`;
}

/** `1 peer lacks`, `3 peers lack`. */
export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Breaks a text at its spaces; continuation lines begin with `margin`. */
export function fold(text: string, width: number, margin: string): string[] {
  if (measureCells(text) <= width) return [text];
  const end = text.lastIndexOf(' ', takeCells(text, width).length);
  if (end <= margin.length) return [text];
  return [text.slice(0, end), ...fold(margin + text.slice(end + 1), width, margin)];
}
