import { PEER_STATES } from '../../core/peers/peer-state.ts';
import { describeConditions, renderCondition } from './condition.ts';
import { html, type Markup } from './drawing/markup.ts';
import { addUp } from './drawing/shapes.ts';
import { formatNumber } from './drawing/words.ts';
import type { DomainFacts, PageFacts } from './facts.ts';
import { countJoinedSince } from './history.ts';

/** The whole gateway in a few words and numbers. */
export function renderOverview(facts: PageFacts): Markup {
  const sentences = describeConditions(facts).map(
    ({ condition, sentence }) => html`<li>${renderCondition(condition, sentence)}</li>`,
  );
  return html`<ul class="sentences">${sentences}</ul>
${renderSums(facts)}
${facts.domains.length > 1 ? renderTable(facts.domains) : ''}`;
}

function renderSums({ domains, at, fleet }: PageFacts): Markup {
  const joined = domains.map(({ history = [] }) =>
    history.length === 0 ? undefined : countJoinedSince(history, at, 1),
  );
  const sums = [
    { name: domains.length === 1 ? 'domain' : 'domains', sum: formatNumber(domains.length) },
    { name: 'routers alive', sum: formatSum(domains.map(countAlive)) },
    { name: 'routers known', sum: formatSum(domains.map(countRouters)) },
    { name: 'joined in the last day', sum: formatSum(joined) },
    ...(fleet === undefined ? [] : [{ name: 'gateways online', sum: `${fleet.online} of ${fleet.gateways}` }]),
  ];
  return html`<dl class="sums">${sums.map(({ name, sum }) => html`<div><dt>${name}</dt><dd>${sum}</dd></div>`)}</dl>`;
}

function renderTable(domains: readonly DomainFacts[]): Markup {
  const rows = domains.map(
    (domain) => html`
<tr><th scope="row"><a href="#domain-${domain.name}">${domain.name}</a></th><td>${renderCondition(domain.condition)}</td>
<td>${formatSum([countAlive(domain)])}</td><td>${formatSum([countRouters(domain)])}</td></tr>`,
  );
  return html`<table class="domains"><caption>The domains of this gateway</caption>
<thead><tr><th scope="col">Domain</th><th scope="col">State</th><th scope="col">Alive</th><th scope="col">Known</th></tr>
</thead><tbody>${rows}</tbody></table>`;
}

function countAlive({ peers }: DomainFacts): number | undefined {
  return peers?.states.alive;
}

function countRouters({ peers }: DomainFacts): number | undefined {
  return peers && addUp(PEER_STATES.map((state) => peers.states[state]));
}

/** The sum of the known counts, if any. */
function formatSum(counts: readonly (number | undefined)[]): string {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? '–' : formatNumber(addUp(known));
}
