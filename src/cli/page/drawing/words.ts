import type { UnixSeconds } from '../../../core/values/time.ts';
import { html, type Markup } from './markup.ts';

const WHOLE = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const WEEKDAY = new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: 'UTC' });

/** `12,345` */
export function formatNumber(number: number): string {
  return WHOLE.format(number);
}

/** `12.3K`, where there is little space. */
export function formatShort(number: number): string {
  return SHORT.format(number);
}

/** `13:40`, in UTC like all times on a page: it does not know the time zones of its readers. */
export function formatClock(time: UnixSeconds): string {
  return formatIso(time).slice(11, 16);
}

/** `Sat`, the day that begins at this time. */
export function formatDay(time: UnixSeconds): string {
  return WEEKDAY.format(time * 1000);
}

/** `2026-11-21 13:40 UTC`, also in a form for programs. */
export function renderTime(time: UnixSeconds): Markup {
  const iso = formatIso(time);
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}

/** `2026-11-21T13:40:00Z` */
function formatIso(time: UnixSeconds): string {
  return `${new Date(time * 1000).toISOString().slice(0, 19)}Z`;
}
