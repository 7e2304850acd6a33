import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { attempt } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { look, lookUp } from '../../lab/operator.ts';

const NAME = 'gw1.example.org';
const PORT = 80;
const METRICS = { listen: '127.0.0.1:9586' };

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(75);
  await gateway.configure({ gateway: { name: NAME }, http: { listen: [`[::]:${PORT}`] }, metrics: METRICS });
  // In the field wgkex-http.socket opens a port below 1024.
  await gateway.run('sysctl', '--quiet', '--write', `net.ipv4.ip_unprivileged_port_start=${PORT}`);
  await gateway.start();
});
after(() => gateway.close());

describe('wgkex exchange --http', { timeout: 120_000 }, () => {
  test('registers a key as a router does, by the URL of the gateway alone', async () => {
    const { exitCode, stdout } = await look(gateway, ['exchange', '--http', 'http://[::1]', 'ffww01']);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^OK: the gateway knows the key/);
    assert.match(stdout, /^ +gateway +http:\/\/\[::1\]\/api\/v1\/wg\/key\/exchange$/m);
    assert.match(stdout, /wgkex remove ffww01/);
  });

  test('shows with --v2 what a router would dial', async () => {
    const args = ['exchange', '--http', '--v2', 'http://127.0.0.1', 'ffww01'];
    const { success, status, endpoint } = (await lookUp(gateway, args)).document;
    assert.deepEqual([success, status], [true, 200]);
    const port = String(gateway.wireguardPort());
    const expected = { address: NAME, port, public_key: await gateway.publicKey(), allowed_ips: ['fe80::1'] };
    assert.deepEqual(endpoint, expected);
    assert.match((await look(gateway, args)).stdout, new RegExp(`^ +dials +${NAME}, port ${port}$`, 'm'));
  });

  test('fails with the code of a refusal, and for a server that is no gateway', async () => {
    const refused = await look(gateway, ['exchange', '--http', 'http://[::1]', 'elsewhere']);
    assert.deepEqual([refused.exitCode, /^INVALID_DOMAIN: /.test(refused.stdout)], [1, true], refused.stdout);
    const other = await look(gateway, ['exchange', '--http', `http://${METRICS.listen}/metrics`, 'ffww01']);
    assert.deepEqual([other.exitCode, /not the reply of a gateway/.test(other.stdout)], [1, true], other.stdout);
  });

  test('says which URL it expects', async () => {
    const { exitCode, stderr } = await look(gateway, ['exchange', '--http', NAME, 'ffww01']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /expected a URL such as "http:\/\/gw1\.example\.org"/);
  });
});

test('metrics count HTTP requests by path and status', async () => {
  const script = `exec 3<>/dev/tcp/127.0.0.1/9586; printf 'GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&3; cat <&3`;
  const { stdout } = await attempt(gateway.namespace, 'bash', ['-c', script]);
  assert.match(stdout, /^wgkex_http_requests_total\{path="v1",status="200"\} [1-9]/m);
  assert.match(stdout, /^wgkex_http_requests_total\{path="v1",status="400"\} 1$/m);
  assert.match(stdout, /^wgkex_http_request_duration_seconds_count [1-9]/m);
});

test('wgkex check looks at the HTTP door, and at port 80 in the tunnel', async () => {
  assert.deepEqual(await findProblems(), [`no name server says whether routers can dial ${NAME}`]);
  await gateway.reload({ gateway: { name: NAME }, http: { listen: ['[::1]:5000'] }, metrics: METRICS });
  const [, tunnel = ''] = (await findProblems()) ?? [];
  assert.match(tunnel, /routers rebuild their tunnels each minute: GET \/ at \[fe80::1%\w+\]:80 fails/);
});

test('without [http] wgkex check does not mention it, and the listener closes its port', async () => {
  await gateway.reload({ metrics: METRICS });
  assert.equal(await findProblems(), undefined);
  const { exitCode } = await look(gateway, ['exchange', '--http', 'http://[::1]:5000', 'ffww01']);
  assert.equal(exitCode, 1);
});

test('the public page counts routers that speak HTTP with the others', async (t) => {
  // The handler wrote its counts to disk when it ended, at the reload.
  const directory = await mkdtemp('/var/lib/wgkex-page-');
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'page.html');
  await look(gateway, ['status', '--html', file]);
  assert.match(await readFile(file, 'utf8'), /Registrations in the last day: 3 admitted, /);
});

/** Undefined if there is no such check. */
async function findProblems(): Promise<string[] | undefined> {
  const { checks } = (await lookUp(gateway, ['check'])).document;
  const found = checks.find(({ check }: { check: string }) => check === 'http');
  return found?.findings.map(({ problem }: { problem: string }) => problem);
}
