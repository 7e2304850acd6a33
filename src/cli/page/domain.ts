import { renderCondition } from './condition.ts';
import { html, type Markup } from './drawing/markup.ts';
import { renderTime } from './drawing/words.ts';
import { renderExchanges } from './exchanges.ts';
import type { DomainFacts } from './facts.ts';
import { renderPeers } from './peers.ts';

/** The section about one domain. */
export function renderDomain({ name, condition, peers, hours, lastExchange }: DomainFacts): Markup {
  const routers = peers === undefined ? html`<p class="none">Its routers could not be read.</p>` : renderPeers(peers);
  const last = lastExchange === undefined ? 'not known' : renderTime(lastExchange);
  return html`<section aria-labelledby="domain-${name}">
<header><h2 id="domain-${name}">${name}</h2>${renderCondition(condition)}</header>
<div class="columns"><div>${routers}</div>
<div>${renderExchanges(hours)}
<p class="last">The last router joined: ${last}</p></div></div>
</section>
`;
}
