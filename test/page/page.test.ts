import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { renderPage } from '../../src/cli/page/page.ts';
import { openBrowser, openPage, Site, VIEWS, type View } from './browser.ts';
import { SAMPLE, SMALL } from './sample.ts';

/** Screenshots of the pages, for people only: no test reads them. */
const PICTURES = fileURLToPath(new URL('../../build/page', import.meta.url));
const PAGES = { small: SMALL, everything: SAMPLE };

/** A script for the browser: the width that the page needs, and the width that it has. */
const WIDTHS = '[document.documentElement.scrollWidth, document.documentElement.clientWidth]';
/** Elements that do not fit; only an unfolded table may need scrolling. */
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
    describe(`the page "${name}" in the ${look} view`, () => {
      let page: Page;
      after(() => page.close());

      test('loads without a complaint or further requests', async () => {
        const opened = await openPage(browser, url, view);
        page = opened.page;
        assert.deepEqual([opened.complaints, opened.requests], [[], [url]]);
        await page.screenshot({ path: `${PICTURES}/${name} ${look}.png`, fullPage: true });
      });

      test('fits its width, even with everything unfolded', async () => {
        for (const summary of await page.locator('summary').all()) await summary.click();
        const [needed = Number.NaN, given] = await page.evaluate<number[]>(WIDTHS);
        assert.equal(given, view.width);
        assert.ok(needed <= given, `${needed} > ${given}`);
        assert.deepEqual(await page.evaluate<string[]>(CUT_TEXTS), []);
      });

      test('is accessible: contrast, names, structure (WCAG 2.2 A and AA)', async () => {
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
        const withHistory = facts.domains.filter(({ history = [] }) => history.length > 0);
        assert.equal(charts.length, withRouters.length + 3 * withHistory.length);
        const names = await Promise.all(charts.map((chart) => chart.ariaSnapshot()));
        for (const name of names) assert.match(name, /img "(\d.* routers: |Routers (alive in|that joined).*: )\d.*"/);
        assert.equal(await page.locator('svg:not([role=img]):not([aria-hidden=true])').count(), 0);
      });
    });
  }
}

test('the page has other colours in the dark scheme, for both text and marks', async () => {
  const url = pathToFileURL(`${PICTURES}/small.html`).href;
  const [light, dark] = await Promise.all([VIEWS.light, VIEWS.dark].map((view) => findColors(url, view)));
  assert.equal(light?.length, dark?.length);
  light?.forEach((color, index) => {
    assert.notEqual(color, dark?.[index]);
  });
});

test('the page requests nothing but itself from its server', async () => {
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
