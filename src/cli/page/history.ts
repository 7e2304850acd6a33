import { type History, type HistorySpan, listSpans } from '../../core/peers/history.ts';
import { DAY_SECONDS, type UnixSeconds } from '../../core/values/time.ts';
import { html, type Markup } from './drawing/markup.ts';
import { renderPlot } from './drawing/plot.ts';
import { addUp, BOX, buildPath, buildSteps, findScaleEnd, layOutColumns } from './drawing/shapes.ts';
import { formatClock, formatNumber } from './drawing/words.ts';

const HOUR_SECONDS = 3600;
/** A pass of the cleanup is often a little late for its slot: shorter spans would have gaps. */
const DAY = { name: 'day', spanSeconds: HOUR_SECONDS / 2, count: 48 } as const;
const WEEK = { name: 'week', spanSeconds: 2 * HOUR_SECONDS, count: 84 } as const;

/** How many routers were alive in the last day and the last week. */
export function renderAlive(history: History, now: UnixSeconds): Markup {
  if (listLastWeek(history, now).every(({ alive }) => alive === undefined))
    return html`<p class="none">There is no history yet.</p>`;
  return html`${[DAY, WEEK].map(({ name, spanSeconds, count }) => {
    const spans = listSpans(history, now, spanSeconds, count);
    return renderAlivePlot(name, spans, spanSeconds);
  })}`;
}

function renderAlivePlot(name: string, spans: readonly HistorySpan[], spanSeconds: number): Markup {
  const numbers = spans.map(({ alive }) => alive);
  const known = numbers.filter((number) => number !== undefined);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const range = known.length === 0 ? 'not known' : `${formatNumber(least)} to ${formatNumber(most)}`;
  const end = findScaleEnd(Math.max(0, ...known));
  return renderPlot({
    caption: `Routers alive in the last ${name}`,
    told: `Routers alive in the last ${name}: ${range}`,
    period: findPeriod(spans, spanSeconds),
    end,
    width: spans.length,
    marks: html`<path class="alive area" d="${buildSteps(numbers, end)}"/>`,
  });
}

/** How many routers joined in each hour of the last day. */
export function renderJoined(history: History, now: UnixSeconds): Markup {
  const hours = listSpans(history, now, HOUR_SECONDS, 24);
  const inDay = formatNumber(countJoinedSince(history, now, 1));
  const inWeek = formatNumber(countJoinedSince(history, now, 7));
  const end = findScaleEnd(Math.max(...hours.map(({ joined }) => joined)));
  const stacks = hours.map(({ joined }) => [joined]);
  return html`${renderPlot({
    caption: 'Routers that joined in the last day',
    told: `Routers that joined: ${inDay} in the last day, ${inWeek} in the last week`,
    period: findPeriod(hours, HOUR_SECONDS),
    end,
    width: BOX,
    marks: html`<path class="joined" d="${buildPath(layOutColumns(stacks, end).flat())}"/>`,
  })}
<p class="last"><b>${inDay}</b> joined in the last day, <b>${inWeek}</b> in the last week.</p>
${renderTable(hours)}`;
}

export function countJoinedSince(history: History, now: UnixSeconds, days: number): number {
  return addUp(listSpans(history, now, DAY_SECONDS, days).map(({ joined }) => joined));
}

/** The numbers behind the charts of the last day. HTML needs no end tags there: the many rows are a large part of a page. */
function renderTable(hours: readonly HistorySpan[]): Markup {
  const rows = hours.map(
    ({ since, alive, joined }) => html`
<tr><th>${formatClock(since)}<td>${alive === undefined ? '–' : formatNumber(alive)}<td>${formatNumber(joined)}`,
  );
  return html`<details><summary>The numbers, hour by hour</summary>
<table><thead><tr><th scope="col">Hour from</th><th scope="col">alive</th><th scope="col">joined</th></tr></thead>
<tbody>${rows}</tbody></table></details>`;
}

function listLastWeek(history: History, now: UnixSeconds): HistorySpan[] {
  return listSpans(history, now, WEEK.spanSeconds, WEEK.count);
}

function findPeriod(spans: readonly HistorySpan[], spanSeconds: number): { since: UnixSeconds; seconds: number } {
  return { since: spans[0]?.since ?? 0, seconds: spans.length * spanSeconds };
}
