import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attempt, eventually, exchange, sh } from './machine.ts';

const UNITS = ['wg-quick@wg10', 'wg-quick@wg11', 'wgkex.socket', 'wgkex-http.socket', 'wgkex.service'];
const TIMERS = ['wgkex-cleanup@ffww10.timer', 'wgkex-cleanup@ffww11.timer'];

test('examples/ansible, as its README has it, makes a gateway of two domains', async (context) => {
  const started = performance.now();
  assert.ok((await runRole()) > 5);
  context.diagnostic(`${Math.round((performance.now() - started) / 1000)} s`);
  const units = [...UNITS, ...TIMERS].join(' ');
  assert.doesNotMatch(await sh(`systemctl is-active ${units}; systemctl is-enabled ${units}`), /inactive|disabled/);
  for (const domain of ['ffww10', 'ffww11-south'])
    await eventually('an exchange works', async () => (await exchange(domain).catch(() => '')) === 'OK\n');
});

test('its second run changes nothing', async (context) => {
  const started = performance.now();
  assert.equal(await runRole(), 0);
  context.diagnostic(`${Math.round((performance.now() - started) / 1000)} s`);
});

/** With the variables of the example, and HTTP; returns how many things it changed. */
async function runRole(): Promise<number> {
  const settings = JSON.stringify({ wgkex_settings: { http: {}, limits: { exempt: ['::1/128'] } } });
  const variables = `-e wgkex_package=/payload/wgkex.deb -e '${settings}'`;
  const { exitCode, output } = await attempt(
    `cd /payload/ansible; ansible-playbook -c local -i localhost, ${variables} site.yml`,
  );
  assert.equal(exitCode, 0, output);
  return Number(output.match(/changed=(\d+)/)?.[1]);
}
