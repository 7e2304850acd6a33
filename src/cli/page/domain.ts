import type { UnixSeconds } from '../../core/values/time.ts';
import { renderCondition } from './condition.ts';
import { html, type Markup } from './drawing/markup.ts';
import type { DomainFacts } from './facts.ts';
import { renderAlive, renderJoined } from './history.ts';
import { renderPeers } from './peers.ts';
import { renderRegistrations } from './registrations.ts';

/** The section about one domain. */
export function renderDomain(facts: DomainFacts, now: UnixSeconds): Markup {
  const { name, condition, peers, history } = facts;
  const routers = peers === undefined ? html`<p class="none">Its routers could not be read.</p>` : renderPeers(peers);
  const alive =
    history === undefined ? html`<p class="none">Its history could not be read.</p>` : renderAlive(history, now);
  return html`<section aria-labelledby="domain-${name}">
<header><h2 id="domain-${name}">${name}</h2>${renderCondition(condition)}</header>
<div class="columns"><div>${routers}</div>
<div>${alive}</div>
<div>${history === undefined || history.length === 0 ? '' : renderJoined(history, now)}
${renderRegistrations(facts)}</div></div>
</section>
`;
}
