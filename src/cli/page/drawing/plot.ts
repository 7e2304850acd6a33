import { listTicks, type Period, renderAxis } from './axis.ts';
import { html, type Markup } from './markup.ts';
import { BOX, roundCoordinate } from './shapes.ts';
import { formatShort } from './words.ts';

interface Plot {
  readonly caption: string;
  /** The chart in words, for those who cannot see it. */
  readonly told: string;
  readonly period: Period;
  /** The top of the scale. */
  readonly end: number;
  readonly marks: Markup;
  /** The width of the view box that the marks are in. */
  readonly width: number;
}

/** A chart over a period of time, with both scales. */
export function renderPlot({ caption, told, period, end, marks, width }: Plot): Markup {
  const scale = [end, end / 2, 0].map((number) => html`<span>${formatShort(number)}</span>`);
  const ticks = listTicks(period).map(({ x }) => `M${roundCoordinate((x * width) / 100)} 0V${BOX}`);
  const lines = [0, BOX / 2, BOX].map((y) => `M0 ${y}H${width}`);
  return html`<figure><figcaption>${caption}</figcaption>
<div class="plot"><div class="scale" aria-hidden="true">${scale}</div>
<svg viewBox="0 0 ${width} ${BOX}" preserveAspectRatio="none" role="img">
<title>${told}</title>
<path class="grid" d="${[...lines, ...ticks].join('')}"/>${marks}</svg>
${renderAxis(period)}</div></figure>`;
}
