import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, findPids, readStatus, sh } from './machine.ts';
import { ON_DEBIAN_12 } from './release.ts';

/** Needs the WireGuard interface of the domain, and leaves nothing. */
export function testRelay(): void {
  test(
    'both units of wgkex-relay carry a handshake over TCP without any privilege, and a purge leaves nothing',
    ON_DEBIAN_12,
    async () => {
      await sh(`dpkg --install /payload/wgkex-relay.deb
mkdir -p /etc/systemd/system/wgkex-relay-client@gw.service.d
printf '[Service]\\nEnvironment=TO=127.0.0.1:443\\n' >/etc/systemd/system/wgkex-relay-client@gw.service.d/to.conf
systemctl daemon-reload; systemctl enable --now wgkex-relay.socket wgkex-relay-client@gw.service
wg genkey >/run/far.key; ip link add wg-far type wireguard
wg set wgww01 peer "$(wg pubkey </run/far.key)" allowed-ips fe80::77/128
wg set wg-far private-key /run/far.key peer "$(wg show wgww01 public-key)" \\
  endpoint 127.0.0.1:51821 allowed-ips fe80::1/128 persistent-keepalive 5
ip link set wg-far up`);
      await eventually('a handshake', async () => /\t[1-9]\d+$/.test(await sh('wg show wg-far latest-handshakes')));
      const endpoints = await sh('wg show wgww01 endpoints');
      assert.match(endpoints, /\t127\.(6[4-9]|[789]\d|1[01]\d|12[0-7])\.\d+\.\d+:/, 'an address of this source');
      const pids = await findPids('^/usr/bin/node .*/usr/bin/wgkex-relay (server|client) ');
      assert.equal(pids.length, 2);
      for (const pid of pids) {
        assert.match(await readStatus(pid, 'Uid'), /^(6[1-9]\d{3})\t/, 'a dynamic user');
        for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.match(await readStatus(pid, set), /^0+$/, set);
      }
      await sh(
        'wg set wgww01 peer "$(wg pubkey </run/far.key)" remove; ip link delete wg-far; dpkg --purge wgkex-relay',
      );
      assert.equal(await sh("find / -xdev -name '*wgkex-relay*' ! -path '/proc/*' ! -path '/var/log/*'"), '');
      assert.equal(await sh("systemctl list-units --all --plain --no-legend 'wgkex-relay*'"), '');
    },
  );
}
