import { renderDomain } from './domain.ts';
import { html } from './drawing/markup.ts';
import { STYLE } from './drawing/style.ts';
import { renderTime } from './drawing/words.ts';
import type { PageFacts } from './facts.ts';
import { renderGlossary } from './glossary.ts';
import { renderOverview } from './overview.ts';

/**
 * A public page about the gateway: a single file without scripts, which may load nothing else. Its icon is empty, as
 * browsers ask the server for an icon if a page does not name one.
 */
export function renderPage(facts: PageFacts): string {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Gateway status</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header><h1>Gateway status</h1>
<p>Generated ${renderTime(facts.at)}; all times are UTC.</p></header>
<main>
${renderOverview(facts)}
${facts.domains.map(renderDomain)}
</main>
<footer>${renderGlossary()}</footer>
</body>
</html>
`.text;
}
