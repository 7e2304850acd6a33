import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { renderPage } from '../../src/cli/page/page.ts';
import { openBrowser, openPage, Site, VIEWS, type View } from './browser.ts';
import { SAMPLE, SMALL } from './sample.ts';

/** What the pages look like, for whoever wants to see them: nothing reads it. */
const PICTURES = fileURLToPath(new URL('../../build/page', import.meta.url));
const PAGES = { small: SMALL, everything: SAMPLE };

/** Scripts for the browser: how much width the page needs, and has. */
const WIDTHS = '[document.documentElement.scrollWidth, document.documentElement.clientWidth]';
/** What does not fit into its place; only a table that was unfolded may be moved to be seen. */
const CUT_TEXTS = `[...document.querySelectorAll('body *:not(svg, svg *, details, details *)')]
  .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth && clientWidth > 0)
  .map(({ outerHTML }) => outerHTML.slice(0, 100))`;
const COLORS = `[
  ...['body', 'section'].map((name) => getComputedStyle(document.querySelector(name)).backgroundColor),
  ...['body', 'footer', 'summary'].map((name) => getComputedStyle(document.querySelector(name)).color),
  ...[...document.querySelectorAll('.legend i')].map((mark) => getComputedStyle(mark).backgroundColor),
]`;

let browser: Browser;

before(async () => {
  mkdirSync(PICTURES, { recursive: true });
  for (const [name, facts] of Object.entries(PAGES)) writeFileSync(`${PICTURES}/${name}.html`, renderPage(facts));
  browser = await openBrowser();
});
after(() => browser.close());

for (const [name, facts] of Object.entries(PAGES)) {
  const url = pathToFileURL(`${PICTURES}/${name}.html`).href;

  for (const [look, view] of Object.entries(VIEWS)) {
    describe(`the page with ${name}, ${look}`, () => {
      let page: Page;
      after(() => page.close());

      test('is loaded without a complaint, and asks for nothing else', async () => {
        const opened = await openPage(browser, url, view);
        page = opened.page;
        assert.deepEqual([opened.complaints, opened.requests], [[], [url]]);
        await page.screenshot({ path: `${PICTURES}/${name} ${look}.png`, fullPage: true });
      });

      test('fits its width, with all that can be unfolded', async () => {
        for (const summary of await page.locator('summary').all()) await summary.click();
        const [needed = Number.NaN, given] = await page.evaluate<number[]>(WIDTHS);
        assert.equal(given, view.width);
        assert.ok(needed <= given, `${needed} > ${given}`);
        assert.deepEqual(await page.evaluate<string[]>(CUT_TEXTS), []);
      });

      test('can be read by everybody: contrast, names, structure (WCAG 2.2 A and AA)', async () => {
        await page.evaluate(axe.source);
        const { violations, passes } = await page.evaluate(() => axe.run());
        assert.deepEqual(
          violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]),
          [],
        );
        const measured = passes.find(({ id }) => id === 'color-contrast')?.nodes.length ?? 0;
        assert.ok(measured > 30, `the contrast of ${measured} texts`);
      });

      test('has a name for each chart', async () => {
        const charts = await page.getByRole('img').all();
        const withRouters = facts.domains.filter(({ peers }) => (peers?.states.alive ?? 0) > 0);
        const withExchanges = facts.domains.filter(({ hours }) => hours.some(({ counts }) => counts.joined > 0));
        assert.equal(charts.length, withRouters.length + withExchanges.length);
        const names = await Promise.all(charts.map((chart) => chart.ariaSnapshot()));
        for (const name of names) assert.match(name, /img "(\d.* routers: |Exchanges of the last day: )\d.*"/);
        assert.equal(await page.locator('svg:not([role=img]):not([aria-hidden=true])').count(), 0);
      });
    });
  }
}

test('the page has other colours in the dark, for text and marks alike', async () => {
  const url = pathToFileURL(`${PICTURES}/small.html`).href;
  const [light, dark] = await Promise.all([VIEWS.light, VIEWS.dark].map((view) => findColors(url, view)));
  assert.equal(light?.length, dark?.length);
  light?.forEach((color, index) => {
    assert.notEqual(color, dark?.[index]);
  });
});

test('the page asks its server for itself alone', async () => {
  const site = await Site.open(renderPage(SAMPLE));
  const { page, complaints } = await openPage(browser, site.url, VIEWS.light);
  await page.close();
  site.close();
  assert.deepEqual([site.asked, complaints], [['/'], []]);
});

async function findColors(url: string, view: View): Promise<string[]> {
  const { page } = await openPage(browser, url, view);
  const colors = await page.evaluate<string[]>(COLORS);
  await page.close();
  return colors;
}
