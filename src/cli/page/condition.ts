import { count } from '../terminal/words.ts';
import { type Content, html, type Markup } from './drawing/markup.ts';
import type { Condition, PageFacts } from './facts.ts';

/** A sign, a colour and words: each works for readers who cannot tell the others apart. */
const LOOKS = {
  'in order': { sign: '✓', style: 'good' },
  'needs attention': { sign: '!', style: 'fair' },
  'out of service': { sign: '✕', style: 'bad' },
} as const satisfies Record<Condition, object>;

const OF_GATEWAY: Readonly<Record<Condition, readonly string[]>> = {
  'in order': [],
  'needs attention': ['The gateway needs the operator’s attention.'],
  'out of service': ['The gateway admits no new routers.'],
};

export function renderCondition(condition: Condition, words: Content = condition): Markup {
  const { sign, style } = LOOKS[condition];
  return html`<span class="condition ${style}"><span aria-hidden="true">${sign}</span> ${words}</span>`;
}

/** The most important facts for a visitor. */
export function describeConditions({ condition, domains }: PageFacts): { condition: Condition; sentence: string }[] {
  const find = (wanted: Condition, one: string, many: string): string[] => {
    const affected = domains.filter((domain) => domain.condition === wanted).length;
    return affected === 0 ? [] : [`${count(affected, one, many)}.`];
  };
  const bad = find('out of service', 'domain is out of service', 'domains are out of service');
  const fair = find(
    'needs attention',
    'domain needs the operator’s attention',
    'domains need the operator’s attention',
  );
  const sentences = [
    ...OF_GATEWAY[condition].map((sentence) => ({ condition, sentence })),
    ...bad.map((sentence) => ({ condition: 'out of service' as const, sentence })),
    ...fair.map((sentence) => ({ condition: 'needs attention' as const, sentence })),
  ];
  return sentences.length > 0 ? sentences : [{ condition: 'in order', sentence: 'Everything is in order.' }];
}
