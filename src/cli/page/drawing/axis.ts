import { DAY_SECONDS, type UnixSeconds } from '../../../core/values/time.ts';
import { html, type Markup } from './markup.ts';
import { BOX } from './shapes.ts';
import { formatClock, formatDay } from './words.ts';

/** A place on an axis of time. */
export interface Tick {
  readonly time: UnixSeconds;
  /** In percent of the axis. */
  readonly x: number;
}

/** A label this close to an end would be cut off if it were centred on its tick. */
const MARGIN = 6;
const HOUR_SECONDS = 3600;

/** A stretch of time as a chart shows it from left to right. */
export interface Period {
  readonly since: UnixSeconds;
  readonly seconds: number;
}

/** The labels below a chart: a clock time every six hours, or the days of a longer period. */
export function renderAxis(period: Period): Markup {
  const labels = isLong(period) ? renderDays(period) : listTicks(period).map(renderClock);
  return html`<svg class="axis" aria-hidden="true">${labels}</svg>`;
}

export function listTicks(period: Period): Tick[] {
  const { since, seconds } = period;
  const step = isLong(period) ? DAY_SECONDS : 6 * HOUR_SECONDS;
  const first = Math.ceil(since / step) * step;
  const number = Math.floor((since + seconds - first) / step) + 1;
  return Array.from({ length: number }, (_, index) => {
    const time = first + index * step;
    return { time, x: place(time, period) };
  });
}

function place(time: UnixSeconds, { since, seconds }: Period): number {
  return Math.round(((time - since) / seconds) * BOX * 10) / 10;
}

function isLong({ seconds }: Period): boolean {
  return seconds > 2 * DAY_SECONDS;
}

function renderClock({ time, x }: Tick): Markup {
  const anchor = x < MARGIN ? 'start' : x > BOX - MARGIN ? 'end' : 'middle';
  return renderLabel(x, formatClock(time), anchor);
}

/** The name of a day is below its middle, if there is space for it. */
function renderDays(period: Period): Markup[] {
  const midnights = listTicks({ since: period.since - DAY_SECONDS, seconds: period.seconds + DAY_SECONDS });
  return midnights
    .map(({ time }) => ({ time, x: place(time + DAY_SECONDS / 2, period) }))
    .filter(({ x }) => x >= MARGIN && x <= BOX - MARGIN)
    .map(({ time, x }) => renderLabel(x, formatDay(time)));
}

/** The style of the page centres a label. */
function renderLabel(x: number, label: string, anchor = 'middle'): Markup {
  return html`<text x="${x}%" y="1em"${anchor === 'middle' ? '' : html` style="text-anchor:${anchor}"`}>${label}</text>`;
}
