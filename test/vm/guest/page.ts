import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attempt, eventually, sh } from './machine.ts';
import { ON_DEBIAN_13 } from './release.ts';

const PAGE = '/var/cache/wgkex-page/index.html';
const AS_WEB_SERVER = 'setpriv --reuid=www-data --regid=www-data --clear-groups';

/** Once a domain is there; leaves the timer enabled. */
export function testPage(): void {
  test(
    'the page is off until its timer is enabled; then a web server reads what root would see',
    ON_DEBIAN_13,
    async () => {
      assert.equal((await attempt('systemctl is-enabled wgkex-page.timer')).output, 'disabled');
      await sh('systemctl start wgkex-cleanup@ffww01.service');
      await sh('systemctl enable --now wgkex-page.timer');
      // On a busy machine ip(8) takes longer than its 5 s on an emulated processor.
      await eventually('a page', async () => (await attempt('systemctl start wgkex-page.service')).exitCode === 0);
      let page = '';
      // A reading in which a program took too long is a part of the page.
      await eventually('it is what root would see', async () => {
        await attempt('systemctl start wgkex-page.service');
        page = await sh(`${AS_WEB_SERVER} cat ${PAGE}`);
        return hideChanges(page) === hideChanges(await sh('wgkex status --html -'));
      });
      assert.match(page, /<title>\d+ routers: [\s\S]*<title>Routers that joined: [1-9]/);
      assert.doesNotMatch(page, /could not be read|no history/);
      assert.equal(await sh('systemctl is-active wgkex-page.timer'), 'active');
      assert.match(await sh('systemctl list-timers --no-legend wgkex-page.timer'), /wgkex-page\.service/);
      const journal = await sh('journalctl --quiet --no-pager --output=cat --identifier=wgkex-page');
      assert.doesNotMatch(journal.replace(/^wgkex: Cannot run .*: timed out after 5 s$/gm, ''), /\S/);
    },
  );

  test(
    'the page is made without any right that it does not need, and can be written elsewhere as the guide has it',
    ON_DEBIAN_13,
    async () => {
      const exposure = await sh('systemd-analyze security --no-pager wgkex-page.service | tail --lines=1');
      assert.match(exposure, /: [12]\.\d OK/);
      const file = '/var/www/html/gateway.html';
      // A start while the timer's own run goes on would be a part of that.
      await sh('systemctl stop wgkex-page.timer wgkex-page.service; mkdir -p /var/www/html');
      await writeDropIn(`ExecStart=\nExecStart=/usr/bin/wgkex status --html ${file}`);
      assert.notEqual((await attempt('systemctl start wgkex-page.service')).exitCode, 0);
      const journal = await sh('journalctl --no-pager --output=cat --identifier=wgkex-page');
      assert.match(journal, /Cannot write .*: read-only file system/);
      await writeDropIn(`ExecStart=\nExecStart=/usr/bin/wgkex status --html ${file}\nReadWritePaths=/var/www/html`);
      await sh('systemctl start wgkex-page.service');
      assert.match(await sh(`${AS_WEB_SERVER} cat ${file}`), /<\/html>/);
      await sh('rm -r /var/www/html; systemctl revert wgkex-page.service; systemctl start wgkex-page.timer');
    },
  );
}

async function writeDropIn(lines: string): Promise<void> {
  const directory = '/etc/systemd/system/wgkex-page.service.d';
  await sh(
    `mkdir -p ${directory}; printf '[Service]\\n${lines.replaceAll('\n', '\\n')}\\n' >${directory}/override.conf`,
  );
  await sh('systemctl daemon-reload');
}

/** The state of the peers changes by itself. */
function hideChanges(page: string): string {
  return page.replace(/\d+/g, '#').replace(/<(path|rect)[^>]*>/g, '');
}
