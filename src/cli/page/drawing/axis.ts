import type { UnixSeconds } from '../../../core/values/time.ts';
import { HOUR_SECONDS } from './hours.ts';
import { html, type Markup } from './markup.ts';
import { formatClock } from './words.ts';

/** A place on an axis of time. */
export interface Tick {
  readonly time: UnixSeconds;
  /** In percent of the axis. */
  readonly x: number;
}

const TICK_SECONDS = 6 * HOUR_SECONDS;
/** A label this close to an end would be cut off if it were centred on its tick. */
const MARGIN = 6;

/** The labels below the columns: 00:00, 06:00, 12:00 and 18:00, wherever they fall. */
export function renderAxis(since: UnixSeconds, seconds: number): Markup {
  return html`<svg class="axis" aria-hidden="true">${listTicks(since, seconds).map(renderTick)}</svg>`;
}

export function listTicks(since: UnixSeconds, seconds: number): Tick[] {
  const first = Math.ceil(since / TICK_SECONDS) * TICK_SECONDS;
  const number = Math.floor((since + seconds - first) / TICK_SECONDS) + 1;
  return Array.from({ length: number }, (_, index) => {
    const time = first + index * TICK_SECONDS;
    return { time, x: Math.round(((time - since) / seconds) * 1000) / 10 };
  });
}

function renderTick({ time, x }: Tick): Markup {
  const anchor = x < MARGIN ? 'start' : x > 100 - MARGIN ? 'end' : 'middle';
  return html`<text x="${x}%" y="1em" text-anchor="${anchor}">${formatClock(time)}</text>`;
}
