import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeKey, send } from '../../lab/client.ts';
import { attempt } from '../../lab/commands.ts';
import { EXCHANGE_PORT, Gateway, HTTP_PORT } from '../../lab/gateway.ts';
import { grant, leased, MEMBERS, readLeases, readPeers, type Ticket } from '../../lab/leases.ts';
import { Member } from '../../lab/member.ts';
import { buildToken, formatCredentials } from '../../src/core/leases/credentials.ts';

const POOL = ['10.66.0.0/24', 'fd66::/112'];
const LINES = findExample('lease-client.sh');
/** All that a client needs, besides what sh(1) has itself. */
const TOOLS = ['nc', 'curl', 'openssl', 'sha256sum', 'base64', 'sed', 'tr', 'head'];
const HTTP = findExample('lease-client-http.sh');

let gateway: Gateway;
before(async () => {
  await makeTools('/run/tools', TOOLS);
  await makeTools(
    '/run/fewer',
    TOOLS.filter((tool) => tool !== 'openssl'),
  );
  gateway = await Gateway.create(8, [leased(8, { pool: POOL, names: ['club'] })]);
  await gateway.configure({ http: { listen: [`[::]:${HTTP_PORT}`] } });
  await gateway.start();
});
after(() => gateway.close());

/** What a fake gateway makes of a real one's answer. */
type Forge = (answer: string) => string;

const CLIENTS = [
  { script: LINES, where: () => gateway.address, fake: fakeLines },
  { script: HTTP, where: () => `http://${gateway.address}:${HTTP_PORT}`, fake: fakeHttp },
];
for (const [index, { script, where, fake }] of CLIENTS.entries())
  describe(script.replace(/^.*\//, ''), () => {
    const run = (
      ticket: string,
      key: string,
      { at = where(), name = MEMBERS, from = gateway.namespace, tools = '/run/tools' } = {},
    ) => attempt(from, '/usr/bin/env', [`PATH=${tools}`, '/bin/sh', script, at, name, key], ticket);

    test('gets a lease and a tunnel over both families', async () => {
      const member = await Member.create(gateway, index + 1);
      const ticket = await grant(gateway);
      const { exitCode, stdout, stderr } = await run(format(ticket), member.key, { from: member.namespace });
      assert.equal(exitCode, 0, stderr);
      await member.up(`${stdout}\n`);
      await member.reaches('10.66.0.1');
      await member.reaches('fd66::1');
      assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
    });

    test('takes what people type, another name of the domain, and gets the same twice', async () => {
      const [ticket, key] = [await grant(gateway), makeKey()];
      const first = await run(`\n ${format(ticket).toUpperCase().replace(/.{5}/g, '$& ')}\r\n`, key);
      assert.equal(first.exitCode, 0, first.stderr);
      assert.match(first.stdout, /^Address = 10\.66\.0\.\d+\/32, fd66::[0-9a-f]+\/128$/m);
      assert.deepEqual(await run(format(ticket), key, { name: 'club' }), first);
    });

    test('prints the code of a refusal, and nothing for wg-quick', async () => {
      const refused = await run(format({ ...(await grant(gateway)), token: makeToken() }), makeKey());
      assert.deepEqual([refused.exitCode, refused.stdout], [1, '']);
      assert.match(refused.stderr, /^refused: .*INVALID_TOKEN$/);
    });

    const forgeries: readonly [string, Forge][] = [
      [
        'another configuration',
        (answer) => replaceConfig(answer, (config) => config.replace(/^Endpoint.*$/m, 'Endpoint = 192.0.2.1:1')),
      ],
      [
        'another key of the gateway',
        (answer) => replaceConfig(answer, (config) => config.replace(/^PublicKey.*$/m, `PublicKey = ${makeKey()}`)),
      ],
      ['another proof', (answer) => answer.replace(/[\w-]{43}(?=\n$|"}$)/, (proof) => [...proof].reverse().join(''))],
      ['no proof', (answer) => answer.replace(/[\w-]{43}(?=\n$|"}$)/, '')],
      ['only OK', (answer) => (answer.startsWith('OK') ? 'OK\n' : '{"Message":"OK"}')],
      [
        'an empty proof of an empty configuration',
        (answer) => (answer.startsWith('OK') ? 'OK\n\n\n' : '{"Message":"OK","config":"","proof":""}'),
      ],
    ];
    for (const [what, forge] of forgeries)
      test(`refuses ${what}`, async () => {
        const forger = await fake(forge);
        const [ticket, key] = [format(await grant(gateway)), makeKey()];
        const refused = await run(ticket, key, forger);
        forger.close();
        assert.deepEqual([refused.exitCode, refused.stdout], [1, '']);
        assert.match(refused.stderr, /^not from the gateway$/);
        assert.equal((await run(ticket, key)).exitCode, 0, 'from the gateway itself it takes it');
      });

    test('trusts nobody where openssl is missing', async () => {
      const forger = await fake((answer) =>
        answer.startsWith('{') ? '{"Message":"OK","config":"AAAA","proof":""}' : 'OK\nAAAA\n\n',
      );
      const refused = await run(format(await grant(gateway)), makeKey(), { ...forger, tools: '/run/fewer' });
      forger.close();
      assert.notEqual(refused.exitCode, 0);
      assert.equal(refused.stdout, '');
      assert.match(refused.stderr, /openssl: not found$/m);
    });

    test('refuses the answer to an earlier request', async () => {
      let recorded: string | undefined;
      const forger = await fake((answer) => {
        recorded ??= answer;
        return recorded;
      });
      const [ticket, key] = [format(await grant(gateway)), makeKey()];
      const replies = [await run(ticket, key, forger), await run(ticket, key, forger)];
      forger.close();
      assert.deepEqual(
        replies.map(({ exitCode }) => exitCode),
        [0, 1],
      );
      assert.equal(replies[1]?.stderr, 'not from the gateway');
    });
  });

/** A directory with these programs and no others. */
async function makeTools(directory: string, programs: readonly string[]): Promise<void> {
  await mkdir(directory);
  for (const program of programs) await symlink(`/usr/bin/${program}`, `${directory}/${program}`);
}

interface Forger {
  /** What to give the script instead of the gateway. */
  readonly at: string;
  close(): void;
}

/** Between a client and the gateway on the door for lines. */
async function fakeLines(forge: Forge): Promise<Forger> {
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    let sent = '';
    socket.on('error', () => {});
    socket.on('data', async (chunk) => {
      sent += chunk;
      if (sent.split('\n').length > 3) socket.end(forge(await send(gateway.address, [sent])));
    });
  });
  const host = gateway.segment.ipv4('0.2');
  await once(server.listen(EXCHANGE_PORT, host), 'listening');
  return { at: host, close: () => server.close() };
}

/** The same by HTTP. */
async function fakeHttp(forge: Forge): Promise<Forger> {
  const server = createHttpServer(async (request, response) => {
    let sent = '';
    for await (const chunk of request) sent += chunk;
    const answer = await fetch(`http://${gateway.address}:${HTTP_PORT}${request.url}`, { method: 'POST', body: sent });
    response.end(forge(await answer.text()));
  });
  const host = gateway.segment.ipv4('0.2');
  await once(server.listen(0, host), 'listening');
  return { at: `http://${host}:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

/** Changes the configuration in an answer of either door. */
function replaceConfig(answer: string, change: (config: string) => string): string {
  return answer.replace(/[\w+/=]{100,}/, (line) =>
    Buffer.from(change(Buffer.from(line, 'base64').toString())).toString('base64'),
  );
}

function format({ id, token }: Pick<Ticket, 'id' | 'token'>): string {
  return formatCredentials(id, token);
}

function makeToken() {
  return buildToken(randomBytes(17));
}

function findExample(name: string): string {
  return fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
}
