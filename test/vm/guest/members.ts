import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { attempt, CONFIG, eventually, sh } from './machine.ts';
import { ON_DEBIAN_13 } from './release.ts';

/** Another member's device in the namespace of the router, with the key in /root/member.key. */
const MEMBER_UP = `
address=$(sed -n 's/^Address = \\([^,]*\\),.*/\\1/p' /root/answer)
ip -n router link add wg-member type wireguard
ip netns exec router wg set wg-member private-key /root/member.key peer "$(wg show wg-members public-key)" \\
  endpoint 192.0.2.1:51822 allowed-ips 10.66.0.0/24,fd66::/112 persistent-keepalive 25
ip -n router address add "$address" dev wg-member; ip -n router link set wg-member mtu 1420 up
ip -n router route add 10.66.0.0/24 dev wg-member
`;
/** In the unit it can write to no other directory. */
const TAKEN = '/var/lib/wgkex-mail/taken';
/** A mail program of the machine's own, which shows who calls it. */
const SENDMAIL = `#!/bin/sh
cat >${TAKEN}.new
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs):' /proc/self/status >${TAKEN}.status
mv ${TAKEN}.new ${TAKEN}
`;
const PING = 'ip netns exec router ping -c 3 -W 10 10.66.0.1';

/** Needs the namespace of the router, the package, and sqlite3; the mesh stays as it is. */
export function testMembers(): void {
  test('the commands of docs/members.md, as they stand, lead to the first member alongside the mesh', async () => {
    const guide = await readFile('/payload/members.md', 'utf8');
    const [, commands = ''] = guide.match(/^```sh\n([\s\S]*?)^```/m) ?? [];
    // The machine has neither a network to install from nor one to get the time from, and its mesh has the port.
    const here = commands.replace(/^apt-get .*$/m, '').replace(/^wgkex check$/m, '$& || true');
    // Another case has shortened the lines of clients.
    await sh(`sed -i '/^line_bytes = /d' ${CONFIG}`);
    const said = await sh(here.replaceAll('vpn.example.org', '192.0.2.1').replaceAll('51820', '51822'));
    const ticket = said.split('\n').at(-1) ?? '';
    assert.match(ticket, /^[a-z2-7]{8}-[a-z2-7]{26}$/);
    await sh('(umask 077; wg genkey >/root/member.key); wg pubkey </root/member.key >/root/member.pub');
    await eventually('the client gets its answer', async () => {
      const client = 'sh /payload/lease-client.sh 127.0.0.1 members "$(cat /root/member.pub)" >/root/answer';
      return (await attempt(`${client} <<<${ticket}`)).exitCode === 0;
    });
    await sh(MEMBER_UP);
    await eventually('the member reaches the gateway', async () => (await attempt(PING)).exitCode === 0);
    assert.match(await sh('wgkex lease list members'), /10\.66\.0\.2/);
  });

  test(
    'a token goes by mail through wgkex-mail.path, without privileges, and is then in no file',
    ON_DEBIAN_13,
    async () => {
      await writeFile('/usr/sbin/sendmail', SENDMAIL, { mode: 0o755 });
      await appendFile(CONFIG, '\n[mail]\nfrom = "vpn@example.org"\n');
      await sh('systemctl enable --now wgkex-mail.path wgkex-mail.timer');
      const ticket = await sh('wgkex lease grant members --email ada@example.org');
      await eventually('the mail is sent and noted', async () =>
        (await readdir('/var/lib/wgkex-mail/sent')).some((name) => name.endsWith('.json')),
      );
      const mail = await readFile(TAKEN, 'utf8');
      assert.match(mail, /^To: ada@example\.org$/m);
      assert.ok(mail.includes(`    ${ticket}\n`), mail);
      const user = await sh('id --user wgkex-mail');
      const status = await readFile(`${TAKEN}.status`, 'utf8');
      assert.match(status, new RegExp(`^Uid:\t${user}\t${user}\t${user}\t${user}$`, 'm'));
      assert.match(status, /^CapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1$/m);
      await sh('systemctl start wgkex-cleanup@members');
      assert.deepEqual(await readdir('/var/lib/wgkex/outbox'), []);
      await sh(`systemctl disable --now wgkex-mail.path wgkex-mail.timer
      rm /usr/sbin/sendmail ${TAKEN} ${TAKEN}.status; sed -i '/^\\[mail\\]$/,$d' ${CONFIG}`);
    },
  );
}

/** After a reboot. */
export function testMembersBack(): void {
  test('after a reboot, with the port closed, a member continues without an exchange', async () => {
    await eventually('its key is back', async () =>
      (await sh('wg show wg-members peers')).includes((await readFile('/root/member.pub', 'utf8')).trim()),
    );
    await sh(MEMBER_UP);
    await eventually('the member reaches the gateway', async () => (await attempt(PING)).exitCode === 0);
  });
}
