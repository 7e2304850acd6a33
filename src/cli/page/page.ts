import { renderDomain } from './domain.ts';
import { ICON } from './drawing/icon.ts';
import { html, type Markup } from './drawing/markup.ts';
import { STYLE } from './drawing/style.ts';
import { renderTime } from './drawing/words.ts';
import type { PageFacts } from './facts.ts';
import { renderGlossary } from './glossary.ts';
import { renderOverview } from './overview.ts';

/** A public page about the gateway: a single file without scripts, which may load nothing else. */
export function renderPage(facts: PageFacts): string {
  const { community, at, domains } = facts;
  const title = community.title ?? 'Gateway status';
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<header><h1>${title}</h1>
${community.link === undefined ? '' : renderLink(community.link)}
<p>Generated ${renderTime(at)}; all times are UTC.</p></header>
<main>
${renderOverview(facts)}
${domains.map((domain) => renderDomain(domain, at))}
</main>
<footer>${renderGlossary()}</footer>
</body>
</html>
`.text;
}

function renderLink(link: string): Markup {
  return html`<p><a href="${link}" rel="noreferrer">${new URL(link).host}</a></p>`;
}
