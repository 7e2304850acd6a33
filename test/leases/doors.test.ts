import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { exchange, makeKey, send } from '../../lab/client.ts';
import { Gateway, HTTP_PORT } from '../../lab/gateway.ts';
import {
  buildThirdLine,
  claim,
  claimByHttp,
  grant,
  leased,
  MEMBERS,
  makeTicket,
  post,
  type Ticket,
} from '../../lab/leases.ts';
import type { Lease } from '../../src/core/leases/lease.ts';
import type { PublicKey } from '../../src/core/values/public-key.ts';

const MESH = 'ffww01';
const V1 = '/api/v1/wg/key/exchange';
const V2 = '/api/v2/wg/key/exchange';
const LEASE = '/api/v1/lease';
const LINE_SECONDS = 5;
const HOUR = 3600;
const DISALLOWED = '/run/leases-disallowed';

let gateway: Gateway;
const settings = (quiet = false) => ({
  quiet_success: quiet,
  disallowed_keys: DISALLOWED,
  limits: { exempt: ['10.41.0.0/16'] },
  http: { listen: [`[::]:${HTTP_PORT}`] },
});

before(async () => {
  await writeFile(DISALLOWED, '');
  gateway = await Gateway.create(41, [{ name: MESH }, leased(41, { index: 1 })]);
  await gateway.configure(settings());
  await gateway.start();
});
after(() => gateway.close());

describe('a member that sends', { concurrency: true }, () => {
  const forms: readonly [string, (name: string, key: string, line: string) => string][] = [
    ['three lines', (...lines) => `${lines.join('\n')}\n`],
    ['its key first', (name, key, line) => `${key}\n${name}\n${line}\n`],
    ['CRLF and blanks', (...lines) => `${lines.map((line) => `\t${line} `).join('\r\n')}\r\n`],
    ['more after the third line', (...lines) => `${lines.join('\n')}\nGET / HTTP/1.1\r\n\r\n`],
  ];
  for (const [what, form] of forms)
    test(`${what} is served`, async () => {
      const [ticket, key] = [await grant(gateway), makeKey()];
      const text = form(MEMBERS, key, buildThirdLine({ ticket, key }));
      const lines = (await send(gateway.address, [text])).split('\n');
      assert.deepEqual([lines[0], lines.length, lines[3]], ['OK', 4, '']);
      assert.ok((lines[1]?.length ?? 0) <= 2000);
      assert.match(lines[2] ?? '', /^[\w-]{43}$/);
    });

  test('byte after byte, and ends without a line feed, is served', async () => {
    const [ticket, key] = [await grant(gateway), makeKey()];
    const text = `${MEMBERS}\n${key}\n${buildThirdLine({ ticket, key })}`;
    assert.match(await send(gateway.address, [...text], { gap: 1, halfClose: true }), /^OK\n/);
  });

  const thirds: readonly [string, (right: string) => string][] = [
    ['an empty third line', () => ''],
    ['an ID in capitals', (right) => right.toUpperCase()],
    ['a proof with padding', (right) => `${right.slice(0, -1)}=`],
    ['a proof that is too short', (right) => right.slice(0, -1)],
    ['a proof that is too long', (right) => `${right}A`],
    ['other separators', (right) => right.replaceAll('.', '-')],
    ['bytes outside ASCII', (right) => `é${right.slice(2)}`],
  ];
  for (const [what, change] of thirds)
    test(`${what} gets NO_TOKEN by both doors`, async () => {
      const [ticket, key] = [await grant(gateway), makeKey()];
      const proof = change(buildThirdLine({ ticket, key }));
      assert.equal(await send(gateway.address, [`${MEMBERS}\n${key}\n${proof}\n`]), 'ERR: NO_TOKEN\n');
      const { status, body } = await post(gateway, LEASE, { domain: MEMBERS, public_key: key, proof });
      assert.deepEqual([status, body.error?.code], [401, 'NO_TOKEN']);
    });

  test('no third line gets NO_TOKEN: at once if it ends, after its seconds if it does not', async () => {
    const lines = `${MEMBERS}\n${makeKey()}\n`;
    const start = performance.now();
    assert.equal(await send(gateway.address, [lines], { halfClose: true }), 'ERR: NO_TOKEN\n');
    assert.ok(performance.now() - start < LINE_SECONDS * 1000);
    const slow = performance.now();
    assert.equal(await send(gateway.address, [lines, 'aaaa', 'bbbb'], { gap: 2000 }), 'ERR: NO_TOKEN\n');
    const seconds = (performance.now() - slow) / 1000;
    assert.ok(seconds > LINE_SECONDS - 0.1 && seconds < 2 * LINE_SECONDS, `${seconds} s`);
  });

  test('no third line with a damaged key gets INVALID_WGKEY, which comes first', async () => {
    for (const third of ['', 'x', buildThirdLine({ ticket: makeTicket(), key: makeKey() })])
      assert.equal(await send(gateway.address, [`${MEMBERS}\nAAAA\n${third}\n`]), 'ERR: INVALID_WGKEY\n');
    const { status, body } = await post(gateway, LEASE, { domain: MEMBERS, public_key: 'AAAA' });
    assert.deepEqual([status, body.error?.code], [400, 'INVALID_WGKEY']);
  });

  test('a third line that does not end gets LINE_TOO_LONG', async () => {
    const text = `${MEMBERS}\n${makeKey()}\n${'a'.repeat(65)}`;
    assert.equal(await send(gateway.address, [text]), 'ERR: LINE_TOO_LONG\n');
  });
});

describe('alongside a domain with leases, a domain of the mesh', { concurrency: true }, () => {
  test('serves two lines at once, and ignores a third one', async () => {
    const ticket = await grant(gateway);
    for (const third of ['', 'x\n', `${'a'.repeat(100)}\n`, `${buildThirdLine({ ticket, key: makeKey() })}\n`]) {
      const start = performance.now();
      assert.equal(await send(gateway.address, [`${MESH}\n${makeKey()}\n${third}`]), 'OK\n');
      assert.ok(performance.now() - start < LINE_SECONDS * 1000);
    }
  });

  test('serves v1 and v2, which answer NO_TOKEN for the one with leases', async () => {
    const ticket = await grant(gateway);
    for (const path of [V1, V2]) {
      const key = makeKey();
      assert.equal((await post(gateway, path, { domain: MESH, public_key: key })).status, 200);
      const proof = buildThirdLine({ ticket, key });
      for (const more of [{}, { proof }]) {
        const { status, body } = await post(gateway, path, { domain: MEMBERS, public_key: key, ...more });
        assert.deepEqual([status, body.error?.code], [401, 'NO_TOKEN']);
      }
    }
    assert.equal((await claim(gateway, { ticket, key: makeKey() })).code, 'OK', 'the token is unused');
  });

  test('keeps every router and peer of its own while members come', async () => {
    const key = makeKey();
    assert.equal(await exchange(gateway.address, MESH, key), 'OK\n');
    const before = (await gateway.peers(MESH)).find((peer) => peer.key === key);
    assert.equal((await claim(gateway, { ticket: await grant(gateway), key })).code, 'OK', 'a key in both domains');
    assert.deepEqual(await gateway.findPeer(key, MESH), before);
  });
});

describe('a right proof', { concurrency: true }, () => {
  const over: Partial<Lease> = { expires: Math.floor(Date.now() / 1000) - HOUR };
  const codes: readonly [string, string, () => Promise<{ ticket: Ticket; key: string }>][] = [
    ['of a lease that is over', '403 EXPIRED', async () => ({ ticket: await grant(gateway, over), key: makeKey() })],
    [
      'of a lease that is over, for another key than its own',
      '403 EXPIRED',
      async () => ({ ticket: await grant(gateway, { ...over, key: makeKey() as PublicKey }), key: makeKey() }),
    ],
    [
      "of a lease that is over, for the gateway's own key",
      '403 EXPIRED',
      async () => ({ ticket: await grant(gateway, over), key: await gateway.publicKey(MEMBERS) }),
    ],
    ['of a bound lease, for another key', '409 TOKEN_USED', async () => ({ ticket: await bind(), key: makeKey() })],
    [
      "of a bound lease, for the gateway's own key",
      '409 TOKEN_USED',
      async () => ({ ticket: await bind(), key: await gateway.publicKey(MEMBERS) }),
    ],
    [
      "for the gateway's own key",
      '403 PROHIBITED_WGKEY',
      async () => ({ ticket: await grant(gateway), key: await gateway.publicKey(MEMBERS) }),
    ],
  ];
  for (const [what, code, prepare] of codes)
    test(`${what} gets ${code} by both doors`, async () => {
      const wanted = await prepare();
      assert.equal((await claimByHttp(gateway, wanted)).code, code);
      assert.equal((await claim(gateway, wanted)).code, code.replace(/^\d+ /, ''));
    });

  test('binds by HTTP, and says the same by lines', async () => {
    const wanted = { ticket: await grant(gateway), key: makeKey() };
    const byHttp = await claimByHttp(gateway, wanted);
    assert.deepEqual({ ...(await claim(gateway, wanted)), code: '200 OK' }, byHttp);
  });

  test('for a key that the operator disallowed gets PROHIBITED_WGKEY, before it is bound and after', async () => {
    const [bound, unbound] = [await grant(gateway), await grant(gateway)];
    const [member, other] = [makeKey(), makeKey()];
    assert.equal((await claim(gateway, { ticket: bound, key: member })).code, 'OK');
    await writeFile(DISALLOWED, `${member}\n${other}\n`);
    for (const wanted of [
      { ticket: bound, key: member },
      { ticket: unbound, key: other },
    ])
      assert.equal((await claim(gateway, wanted)).code, 'PROHIBITED_WGKEY');
    assert.equal((await claim(gateway, { ticket: unbound, key: makeKey() })).code, 'OK', 'the token is unused');
  });
});

test('a gateway that says nothing to routers it admits answers members as always', async () => {
  await gateway.reload(settings(true));
  const key = makeKey();
  assert.equal(await exchange(gateway.address, MESH, key), '');
  const wanted = { ticket: await grant(gateway), key };
  for (const _ of [1, 2]) assert.equal((await claim(gateway, wanted)).code, 'OK');
  assert.equal((await claimByHttp(gateway, wanted)).code, '200 OK');
});

test('a gateway without leases has no door for them', async (t) => {
  const other = await Gateway.create(42);
  t.after(() => other.close());
  await other.configure({ http: { listen: [`[::]:${HTTP_PORT}`] } });
  await other.start();
  const answer = await fetch(`http://${other.address}:${HTTP_PORT}${LEASE}`, { method: 'POST', body: '{}' });
  assert.equal(answer.status, 404);
  assert.equal(await send(other.address, [`${MESH}\n${makeKey()}\n${'a'.repeat(61)}\n`]), 'OK\n');
});

async function bind(): Promise<Ticket> {
  const ticket = await grant(gateway);
  assert.equal((await claim(gateway, { ticket, key: makeKey() })).code, 'OK');
  return ticket;
}
