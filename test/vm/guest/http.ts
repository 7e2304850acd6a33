import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { test } from 'node:test';
import { during } from './crowd.ts';
import { attempt, CONFIG, eventually, hasRouter, isServing, journal, makeKey, sh } from './machine.ts';
import { ON_DEBIAN_12, ON_DEBIAN_13 } from './release.ts';

const NAME = 'gw1.example.org';
const REQUEST = '/root/request';
const DROP_INS = '/etc/systemd/system/wgkex-http.socket.d';
const PATH = '/api/v2/wg/key/exchange';

/** What firmware asks each minute through its tunnel. */
export async function isAnsweredInTunnel(): Promise<boolean> {
  return (await askInTunnel('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).startsWith('HTTP/1.1 200 ');
}

/** Needs the router and the package. */
export function testHttp(): void {
  test('port 80 is answered inside the tunnel, and a router gets by v2 what it should dial', async () => {
    await sh(`sed -i 's/^#name = .*/name = "${NAME}"/; s/^#\\[http\\]/[http]/' ${CONFIG}
systemctl enable wgkex-http.socket; systemctl restart wgkex.service`);
    await eventually('the router gets its answer', isAnsweredInTunnel);
    const body = describeKey(makeKey());
    const headers = `Host: x\r\nConnection: close\r\nContent-Length: ${body.length}`;
    const port = await sh('wg show wgww01 listen-port');
    const endpoint = `"Address":"${NAME}","AllowedIPs":["fe80::1"],"Port":"${port}"`;
    await eventually('the router gets the endpoint', async () =>
      (await askInTunnel(`POST ${PATH} HTTP/1.1\r\n${headers}\r\n\r\n${body}`)).includes(endpoint),
    );
  });

  test(
    'a restart and a reload in the middle of exchanges over HTTP refuse and reset nobody',
    ON_DEBIAN_12,
    async () => {
      await during(60, () => sh('systemctl restart wgkex.service; systemctl reload wgkex.service'), byHttp);
    },
  );

  test(
    'a busy port 80 does not keep the service from starting, and routers with two lines are served',
    ON_DEBIAN_12,
    async () => {
      await sh(`systemctl stop wgkex.service wgkex-http.socket
systemd-run --quiet --unit=busy node --eval 'require("node:net").createServer().listen(80, "::")'`);
      await eventually('the port is busy', async () => (await attempt('nc -z -w 5 ::1 80')).exitCode === 0);
      await sh('systemctl restart wgkex.service');
      await eventually('an exchange works', isServing);
      assert.match(await journal(), /^http unavailable: /m);
      await sh('systemctl stop busy; systemctl reset-failed; systemctl restart wgkex.service');
      await eventually('the router gets its answer', isAnsweredInTunnel);
    },
  );

  test('the socket can be bound to the link address alone, as docs/http.md has it', ON_DEBIAN_13, async () => {
    const [, dropIn = ''] = (await readFile('/payload/http.md', 'utf8')).match(/^```ini\n([\s\S]*?)^```/m) ?? [];
    await sh(`mkdir -p ${DROP_INS}`);
    await writeFile(`${DROP_INS}/override.conf`, dropIn.replaceAll('wg-ffww01', 'wgww01'));
    await sh('systemctl daemon-reload; systemctl stop wgkex-http.socket && systemctl restart wgkex.service');
    await eventually('the router gets its answer', isAnsweredInTunnel);
    assert.notEqual((await attempt('nc -z -w 5 127.0.0.1 80')).exitCode, 0, 'nowhere else');
    await eventually('wgkex check finds nothing', hasNothingToMend);
  });

  test(
    'the bound socket closes when its interface is removed, and the remedy of wgkex check opens it again',
    ON_DEBIAN_13,
    async () => {
      await sh('systemctl restart wg-quick@wgww01');
      await eventually('the router is back', hasRouter);
      for (const remedy of await listRemedies()) await sh(remedy);
      await eventually('wgkex check finds nothing', hasNothingToMend);
      await eventually('the router gets its answer', isAnsweredInTunnel);
    },
  );
}

/** On a connection of its own, as firmware does. */
async function byHttp(key: string): Promise<'served' | 'try again'> {
  const status = await new Promise((resolve, reject) => {
    const posting = request(`http://[::1]${PATH}`, { method: 'POST', agent: false });
    posting.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode)));
    posting.on('error', reject);
    posting.end(describeKey(key));
  });
  assert.ok(status === 200 || status === 503, `status ${status}`);
  return status === 200 ? 'served' : 'try again';
}

function describeKey(key: string): string {
  return JSON.stringify({ domain: 'ffww01', public_key: key });
}

async function hasNothingToMend(): Promise<boolean> {
  return (await listRemedies()).length === 0;
}

/** Of what is wrong with the HTTP door; the machine has no name server, which has none. */
async function listRemedies(): Promise<string[]> {
  const { checks } = JSON.parse((await attempt('wgkex check --json')).output);
  const { findings } = checks.find(({ check }: { check: string }) => check === 'http');
  return findings.flatMap(({ remedy }: { remedy: string | null }) => remedy ?? []);
}

/** From the router's side, to the gateway's link address. */
async function askInTunnel(request: string): Promise<string> {
  await writeFile(REQUEST, request);
  return (await attempt(`ip netns exec router nc -w 30 fe80::1%wg-mesh 80 <${REQUEST}`)).output;
}
