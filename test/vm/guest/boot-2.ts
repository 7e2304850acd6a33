import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testFleet } from './fleet-begins.ts';
import { isAnsweredInTunnel } from './http.ts';
import { attempt, eventually, exchange, hasRouter, isServing, journal, PING, ROUTER_UP, sh } from './machine.ts';
import { testMembersBack } from './members.ts';

test('after a reboot, with the port closed, a router continues without an exchange', async () => {
  await assert.rejects(exchange(), /ECONNREFUSED/);
  await eventually('its key is back', hasRouter);
  await sh(ROUTER_UP);
  await eventually('a ping through bat0', async () => (await attempt(PING)).exitCode === 0);
  const lines = await journal('--boot');
  assert.match(lines, /^restored ffww01 keys=1 of=1: /m);
  assert.doesNotMatch(lines, /^admitted /m);
});

testMembersBack();

test('after a reboot the service, the socket and the timer are back, and a router exchanges again', async () => {
  await sh(
    'rm -r /etc/systemd/system/wgkex.socket.d; systemctl daemon-reload; systemctl stop wgkex; systemctl restart wgkex.socket',
  );
  assert.equal(await sh('systemctl is-active wgkex.socket wgkex-cleanup@ffww01.timer'), 'active\nactive');
  await eventually('an exchange works', isServing);
  assert.equal(await sh("systemctl list-units --failed --plain --no-legend 'wgkex*'"), '');
});

// Debian 13 has it bound to the link address.
test('after a reboot the HTTP port is answered inside the tunnel', async () => {
  await eventually('the router gets its answer', isAnsweredInTunnel);
});

test('removing the package stops its running programs, and keeps the configuration', async () => {
  await sh('systemctl start --no-block wgkex-page.service wgkex-cleanup@ffww01.service; dpkg --remove wgkex');
  assert.equal(await sh("systemctl list-units --failed --plain --no-legend 'wgkex*'"), '');
  assert.notEqual((await attempt("pgrep --full '/usr/lib/wgkex/'")).exitCode, 0);
  assert.notEqual((await attempt('systemctl is-active wgkex.socket')).exitCode, 0);
  await sh('test -e /etc/wgkex/wgkex.toml');
});

test('purging it leaves no file, user, unit, systemd drop-in of the operator, or process of the user behind', async () => {
  await sh(`mkdir -p /etc/systemd/system/wgkex.service.d /etc/systemd/system/wgkex-cleanup@ffww01.timer.d
printf '[Service]\\nNice=1\\n' >/etc/systemd/system/wgkex.service.d/override.conf
printf '[Timer]\\nAccuracySec=1s\\n' >/etc/systemd/system/wgkex-cleanup@ffww01.timer.d/override.conf
ln -s /dev/null /etc/systemd/system/wgkex.socket
systemd-run --quiet --uid=wgkex --unit=straggler sleep 10000`);
  // Of freifunkMUC's worker, if it is a file; ours is a link.
  const FOREIGN = '/run/systemd/system/wgkex-worker.service';
  await sh(`mkdir -p /run/systemd/system && printf '[Service]\\nExecStart=/bin/true\\n' >${FOREIGN}`);
  await sh('dpkg --purge wgkex');
  await sh(`rm ${FOREIGN}`);
  assert.notEqual((await attempt('systemctl is-active straggler')).exitCode, 0);
  assert.equal(await sh("find / -xdev -name '*wgkex*' ! -path '/proc/*' ! -path '/var/log/*' ! -path '/tmp/*'"), '');
  assert.notEqual((await attempt('getent passwd wgkex')).exitCode, 0);
  assert.equal(await sh("systemctl list-units --all --plain --no-legend 'wgkex*'"), '');
});

testFleet();
