import { PEER_STATES, type PeerState } from '../../core/peers/peer-state.ts';
import type { AgeCount } from './ages.ts';
import { html, type Markup } from './drawing/markup.ts';
import { addUp, BOX, buildPath, findLength, layOutShares } from './drawing/shapes.ts';
import { formatNumber } from './drawing/words.ts';
import type { PeerFacts } from './facts.ts';

/** The names of the states on a page. */
export const STATE_NAMES: Readonly<Record<PeerState, string>> = {
  alive: 'alive',
  idle: 'idle',
  stale: 'stale',
  pending: 'never connected',
  static: 'set up by hand',
};

/** The routers of a domain by their state, and by the age of their last handshake. */
export function renderPeers({ states, ages }: PeerFacts): Markup {
  const total = addUp(PEER_STATES.map((state) => states[state]));
  if (total === 0) return html`<p class="none">No routers are known.</p>`;
  return html`${renderStates(states, total)}${renderAges(ages)}`;
}

function renderStates(states: PeerFacts['states'], total: number): Markup {
  const shares = layOutShares(PEER_STATES.map((state) => states[state]));
  const parts = PEER_STATES.map((state, index) => {
    const bar = buildPath(shares.slice(index, index + 1));
    return { state, bar, name: STATE_NAMES[state], number: formatNumber(states[state]) };
  });
  const told = parts.map(({ name, number }) => `${number} ${name}`).join(', ');
  return html`<figure><figcaption>Routers by state</figcaption>
<svg class="shares" viewBox="0 0 ${BOX} ${BOX}" preserveAspectRatio="none" role="img">
<title>${formatNumber(total)} routers: ${told}</title>
${parts.map(({ state, bar }) => html`<path class="${state}" d="${bar}"/>`)}</svg>
<ul class="legend">
${parts.map(({ state, name, number }) => html`<li><i class="${state}"></i>${name} <b>${number}</b></li>`)}
</ul></figure>`;
}

/** The table is also a chart, with a bar in each row. */
function renderAges(ages: readonly AgeCount[]): Markup {
  const highest = Math.max(...ages.map(({ count }) => count));
  const rows = ages.map(
    ({ age, count }) => html`
<tr><th scope="row">${age}</th>
<td><svg aria-hidden="true"><rect width="${findLength(count, highest)}%" height="100%"/></svg></td>
<td>${formatNumber(count)}</td></tr>`,
  );
  return html`<table class="ages"><caption>Routers by the age of their last handshake</caption>
<thead><tr><th scope="col">Age</th><td></td><th scope="col">Routers</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}
