import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { attempt, CONFIG, eventually, sh } from './machine.ts';

const GATEWAY = '192.0.2.1';
/** The router of the guide is another machine, which knows the gateway by its name. */
const OTHER_MACHINE = `ip netns add other
ip link add uplink type veth peer name eth0 netns other
ip address add ${GATEWAY}/24 dev uplink; ip link set uplink up
ip -n other address add 192.0.2.2/24 dev eth0; ip -n other link set eth0 up; ip -n other link set lo up
mkdir -p /etc/netns/other; echo '${GATEWAY} gateway' >/etc/netns/other/hosts`;

test('the commands of docs/install.md, as they stand, lead from the package to the first router', async (context) => {
  const guide = await readFile('/payload/install.md', 'utf8');
  await sh(`dpkg --install /payload/wgkex.deb; ${OTHER_MACHINE}`);
  const started = performance.now();

  const [generateKey = '', bringUp = ''] = findBlocks(guide, 3, 'sh');
  const [gatewayKey = ''] = (await sh(generateKey)).split('\n').slice(-1);
  await writeFile('/etc/wireguard/wgww01.conf', findBlocks(guide, 3, 'ini')[0] ?? '', { mode: 0o600 });
  await sh(bringUp);
  await appendFile(CONFIG, `\n${findBlocks(guide, 4, 'toml')[0]}`);
  await sh(findBlocks(guide, 6, 'sh').join('\n'));
  const [register = '', derive, connect, look = ''] = findBlocks(guide, 7, 'sh');
  const onRouter = (script: string) => sh(`cd /root\nip netns exec other bash -euo pipefail <<'END'\n${script}\nEND`);
  assert.equal(await onRouter(register), 'OK');
  await onRouter(`gateway_key=${gatewayKey}\n${derive}\n${connect}`);
  await eventually('a neighbour', async () => /vxww01/.test((await attempt(look)).output.split('\n').slice(-3).join()));

  const shown = await sh(look);
  assert.match(shown, /latest handshake/);
  assert.match(shown, /00:00:00:00:00:00 dst fe80::/);
  context.diagnostic(`${Math.round((performance.now() - started) / 1000)} s from the package to the first router`);
  // The machine has no network to get the time from.
  assert.doesNotMatch((await attempt('wgkex check')).output, /^(?!clock)\w+ +wrong/m);

  await sh(`systemctl disable --now wgkex.socket wgkex.service wgkex-cleanup@ffww01.timer wg-quick@wgww01
ip netns delete other; ip link delete uplink 2>/dev/null || true
dpkg --purge wgkex; rm -r /etc/wireguard/wgww01.* /etc/netns/other /root/privatekey`);
});

/** The code blocks of a language in a numbered section. */
function findBlocks(guide: string, section: number, language: string): string[] {
  const [, text = ''] = guide.split(new RegExp(`^## ${section}\\. .*$`, 'm'));
  const [own = ''] = text.split(/^## /m);
  return [...own.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);
}
