import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { type Background, eventually, sh, startIn } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';

const NAME = 'gw1.example.org';
const DIRECTORY = '/run/proxy';
/** Only unpacked; see bin/unpack. */
const NGINX = 'node_modules/.cache/nginx/nginx';
const SETTINGS = {
  gateway: { name: NAME },
  http: { listen: ['127.0.0.1:5000'], trusted_proxies: ['127.0.0.1'] },
  limits: { exchanges_per_source_burst: 2, exchanges_per_source_per_second: 0 },
};

let gateway: Gateway;
let nginx: Background;

before(async () => {
  gateway = await Gateway.create(76);
  await gateway.configure(SETTINGS);
  await gateway.start();
  await sh('mkdir', '-p', DIRECTORY);
  await sh(
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`],
    ...['-keyout', `${DIRECTORY}/key`, '-out', `${DIRECTORY}/certificate`],
  );
  await writeFile(`${DIRECTORY}/nginx.conf`, await buildConfiguration());
  nginx = startIn(gateway.namespace, NGINX, '-e', 'stderr', '-c', `${DIRECTORY}/nginx.conf`);
  await eventually(
    'nginx answers',
    async () =>
      nginx.hasEnded ||
      (await post('0.0.0.0').then(
        () => true,
        () => false,
      )),
  );
  assert.ok(!nginx.hasEnded, nginx.stderr);
});
after(async () => {
  await nginx.stop();
  await gateway.close();
});

describe('behind nginx with TLS, as docs/http.md has it,', { timeout: 120_000 }, () => {
  test('a router gets its endpoint, and the log has the router’s own address', async () => {
    const from = await gateway.segment.addSource(gateway.segment.ipv4('3.7'));
    const { status, body } = await post(from);
    assert.equal(status, 200, body);
    assert.equal(JSON.parse(body).Endpoint.Address, NAME);
    assert.match(gateway.listener?.stderr ?? '', new RegExp(`admitted.*${from}|${from}.*admitted`));
  });

  test('each router has its own share, whatever X-Forwarded-For it sends', async () => {
    const from = await gateway.segment.addSource(gateway.segment.ipv4('3.8'));
    const other = await gateway.segment.addSource(gateway.segment.ipv4('3.9'));
    const statuses: number[] = [];
    for (let count = 0; count < 3; count++) statuses.push((await post(from, `192.0.2.${count}`)).status);
    assert.deepEqual(statuses, [200, 200, 429]);
    assert.equal((await post(other)).status, 200);
  });
});

async function buildConfiguration(): Promise<string> {
  const [, location = ''] = (await readFile('docs/http.md', 'utf8')).match(/^```nginx\n([\s\S]*?)^```/m) ?? [];
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${DIRECTORY}/${name};`,
  );
  return `daemon off;
user root;
pid ${DIRECTORY}/pid;
error_log stderr;
events {}
http {
  access_log off;
  ${paths.join('\n  ')}
  server {
    listen [::]:443 ssl ipv6only=off;
    ssl_certificate ${DIRECTORY}/certificate;
    ssl_certificate_key ${DIRECTORY}/key;
    ${location}
  }
}
`;
}

/** A router's request by v2 over TLS. */
async function post(localAddress: string, forwarded?: string): Promise<{ status: number; body: string }> {
  const ca = await readFile(`${DIRECTORY}/certificate`);
  const headers = { Host: NAME, ...(forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded }) };
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        ...{ host: gateway.address, port: 443, servername: NAME, ca, localAddress, headers, agent: false },
        ...{ method: 'POST', path: '/api/v2/wg/key/exchange' },
      },
      (response) => {
        const status = response.statusCode ?? 0;
        text(response).then((body) => resolve({ status, body }), reject);
      },
    );
    asking.on('error', reject);
    asking.end(JSON.stringify({ domain: 'ffww01', public_key: makeKey() }));
  });
}
