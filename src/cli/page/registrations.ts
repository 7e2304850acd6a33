import { OUTCOMES } from '../../core/exchange/activity.ts';
import { html, type Markup } from './drawing/markup.ts';
import { formatNumber, renderTime } from './drawing/words.ts';
import type { DomainFacts } from './facts.ts';

/** The outcomes as a page calls them: a router that registers has not joined yet. */
export const OUTCOME_NAMES = { joined: 'admitted', refused: 'refused', failed: 'failed' } as const;

/** What came of the registrations of the last day, in one sentence. */
export function renderRegistrations({ registrations, lastRegistration }: DomainFacts): Markup {
  const counts = OUTCOMES.map((outcome) => `${formatNumber(registrations[outcome])} ${OUTCOME_NAMES[outcome]}`);
  const last = lastRegistration === undefined ? 'not known' : renderTime(lastRegistration);
  return html`<p class="last">Registrations in the last day: ${counts.join(', ')}.
Last admitted: ${last}</p>`;
}
