import { html, type Markup } from './drawing/markup.ts';
import { STATE_NAMES } from './peers.ts';
import { OUTCOME_NAMES } from './registrations.ts';

const MEANINGS = [
  { words: STATE_NAMES.alive, meaning: 'had a handshake in the last 3 minutes: it is connected' },
  { words: STATE_NAMES.idle, meaning: 'its last handshake is longer ago' },
  { words: STATE_NAMES.stale, meaning: 'its last handshake is so long ago that it will be removed; it may come back' },
  { words: STATE_NAMES.pending, meaning: 'was admitted, but has not had a handshake yet' },
  { words: STATE_NAMES.static, meaning: 'the operator’s own, which is never removed' },
  { words: 'joined', meaning: 'connected for the first time, or again after it was stale or removed' },
  {
    words: 'registration',
    meaning: 'a router sends its key: when it starts, and again and again as long as it cannot connect',
  },
  { words: OUTCOME_NAMES.joined, meaning: 'a registration after which the gateway knows the router’s key' },
  {
    words: OUTCOME_NAMES.refused,
    meaning: 'a registration with a key that the gateway does not accept, or has no room for',
  },
  { words: OUTCOME_NAMES.failed, meaning: 'a registration that failed because of a fault of the gateway' },
] as const;

/** The meanings of the words in the charts. */
export function renderGlossary(): Markup {
  return html`<h2>What the words mean</h2>
<dl>${MEANINGS.map(
    ({ words, meaning }) => html`<div><dt>${words}</dt><dd>${meaning}</dd></div>
`,
  )}</dl>
<p>This page holds only numbers: no keys and no addresses.</p>`;
}
