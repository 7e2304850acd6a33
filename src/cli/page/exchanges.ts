import { OUTCOMES, type OutcomeCounts } from '../../core/exchange/activity.ts';
import { renderAxis } from './drawing/axis.ts';
import { addUpCounts, HOUR_SECONDS, type Hour } from './drawing/hours.ts';
import { html, type Markup } from './drawing/markup.ts';
import { addUp, BOX, buildPath, findScaleEnd, layOutColumns } from './drawing/shapes.ts';
import { formatClock, formatNumber, formatShort } from './drawing/words.ts';

/** The outcomes of the exchanges in the last day, one column for each hour. */
export function renderExchanges(hours: readonly Hour[]): Markup {
  const sums = addUpCounts(hours);
  if (countAll(sums) === 0) return html`<p class="none">No exchanges in the last day.</p>`;
  const legend = OUTCOMES.map(
    (outcome) => html`<li><i class="${outcome}"></i>${outcome} <b>${formatNumber(sums[outcome])}</b></li>`,
  );
  return html`<figure><figcaption>Exchanges per hour in the last day</figcaption>
${renderPlot(hours, sums)}
<ul class="legend">${legend}</ul></figure>
${renderTable(hours)}`;
}

function renderPlot(hours: readonly Hour[], sums: OutcomeCounts): Markup {
  const highest = Math.max(...hours.map(({ counts }) => countAll(counts)));
  const end = findScaleEnd(highest);
  const scale = [end, end / 2, 0].map((number) => html`<span>${formatShort(number)}</span>`);
  const told = OUTCOMES.map((outcome) => `${formatNumber(sums[outcome])} ${outcome}`).join(', ');
  return html`<div class="plot"><div class="scale" aria-hidden="true">${scale}</div>
<svg viewBox="0 0 ${BOX} ${BOX}" preserveAspectRatio="none" role="img">
<title>Exchanges of the last day: ${told}; at most ${formatNumber(highest)} in an hour</title>
<path class="grid" d="M0 0H100M0 50H100M0 100H100"/>${renderColumns(hours, end)}</svg>
${renderAxis(hours[0]?.since ?? 0, hours.length * HOUR_SECONDS)}</div>`;
}

/** One path for each outcome: a rectangle for each hour and outcome would make a large page. */
function renderColumns(hours: readonly Hour[], end: number): Markup[] {
  const stacks = hours.map(({ counts }) => OUTCOMES.map((outcome) => counts[outcome]));
  const columns = layOutColumns(stacks, end);
  return OUTCOMES.map((outcome, index) => {
    const parts = columns.flatMap((column) => column.slice(index, index + 1));
    return html`<path class="${outcome}" d="${buildPath(parts)}"/>`;
  });
}

/** The numbers behind the columns; hours without exchanges are left out. */
function renderTable(hours: readonly Hour[]): Markup {
  const rows = hours.filter(({ counts }) => countAll(counts) > 0).map(renderRow);
  return html`<details><summary>The numbers, hour by hour</summary>
<table><thead><tr><th scope="col">Hour from</th>${OUTCOMES.map((outcome) => html`<th scope="col">${outcome}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></details>`;
}

function renderRow({ since, counts }: Hour): Markup {
  const cells = OUTCOMES.map((outcome) => html`<td>${formatNumber(counts[outcome])}</td>`);
  return html`
<tr><th>${formatClock(since)}</th>${cells}</tr>`;
}

function countAll(counts: OutcomeCounts): number {
  return addUp(OUTCOMES.map((outcome) => counts[outcome]));
}
