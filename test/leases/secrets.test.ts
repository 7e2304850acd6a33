import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { findMedian } from '../../bench/statistics.ts';
import { makeKey, send } from '../../lab/client.ts';
import { Gateway, HTTP_PORT } from '../../lab/gateway.ts';
import {
  buildThirdLine,
  type Claim,
  claim,
  claimByHttp,
  grant,
  grantMany,
  leased,
  MEMBERS,
  makeTicket,
  openTable,
  post,
  readLeases,
  readPeers,
  type Ticket,
} from '../../lab/leases.ts';
import { judgeProof } from '../../src/core/decisions/member-admission.ts';
import { formatCredentials } from '../../src/core/leases/credentials.ts';
import { parseThirdLine } from '../../src/core/leases/third-line.ts';
import type { DomainName } from '../../src/core/values/names.ts';
import type { PublicKey } from '../../src/core/values/public-key.ts';
import { compare, measureInTurns } from './ranks.ts';

const ADMINS = 'admins';
const EXCHANGES = 400;
/** Of judging proofs alone, which takes microseconds. */
const JUDGEMENTS = 20_000;
const WARM_UP = 5000;
/** By chance once in two million times. */
const MOST_DEVIATIONS = 5;
/** So little is the noise of the machine, whatever the ranks say. */
const LEAST_PERCENT = 1;

describe('a token', () => {
  let gateway: Gateway;

  before(async () => {
    gateway = await Gateway.create(2, [
      leased(2, { names: ['club'] }),
      leased(2, { name: ADMINS, index: 1, pool: ['10.67.0.0/24', 'fd67::/112'], names: ['board'] }),
    ]);
    await gateway.configure({ limits: { exempt: ['10.2.0.0/16'] }, http: { listen: [`[::]:${HTTP_PORT}`] } });
    await gateway.start();
  });
  after(() => gateway.close());

  test('opens its domain by each of its names, if the proof has the name that is sent', async () => {
    const ticket = await grant(gateway);
    const key = makeKey();
    const [first, second] = [
      await claim(gateway, { ticket, key, name: 'club' }),
      await claim(gateway, { ticket, key }),
    ];
    assert.deepEqual(first, second);
    assert.equal(first.code, 'OK');
    const line = buildThirdLine({ ticket, key, name: 'club' });
    assert.equal(await send(gateway.address, [`${MEMBERS}\n${key}\n${line}\n`]), 'ERR: INVALID_TOKEN\n');
  });

  test('never opens another domain, by whichever name, door and proof', async () => {
    const tickets = [await grant(gateway), await grant(gateway, { domain: ADMINS as DomainName })];
    const before = [await readPeers(gateway), await readPeers(gateway, ADMINS)];
    for (const [ticket, others] of [
      [tickets[0], [ADMINS, 'board']],
      [tickets[1], [MEMBERS, 'club']],
    ] as const) {
      assert.ok(ticket !== undefined);
      for (const name of others) {
        const wanted: Claim = { ticket, key: makeKey(), name };
        assert.equal((await claim(gateway, wanted)).code, 'INVALID_TOKEN');
        assert.equal((await claimByHttp(gateway, wanted)).code, '403 INVALID_TOKEN');
        const line = buildThirdLine({ ...wanted, name: ticket.domain });
        const lines = `${name}\n${wanted.key}\n${line}\n`;
        assert.equal(await send(gateway.address, [lines]), 'ERR: INVALID_TOKEN\n', 'a proof for its own domain');
      }
    }
    assert.deepEqual([await readPeers(gateway), await readPeers(gateway, ADMINS)], before);
    for (const ticket of tickets) assert.equal((await claim(gateway, { ticket, key: makeKey() })).code, 'OK');
  });

  test('that is wrong gets the answer of an unknown ID, also for a lease that is bound, over or of another domain', async () => {
    const hour = 3600;
    const bound = await grant(gateway);
    assert.equal((await claim(gateway, { ticket: bound, key: makeKey() })).code, 'OK');
    const tickets = [
      makeTicket(),
      ...[bound, await grant(gateway), await grant(gateway, { expires: Math.floor(Date.now() / 1000) - hour })],
      await grant(gateway, { ended: Math.floor(Date.now() / 1000) - hour }),
      await grant(gateway, { domain: ADMINS as DomainName }),
    ].map(({ id }) => ({ ...makeTicket(), id }));
    const keys = [makeKey(), await gateway.publicKey()];
    const printed = gateway.listener?.stderr.length ?? 0;
    const wanted = tickets.flatMap((ticket) => keys.map((key) => ({ ticket, key })));
    const replies = await Promise.all(wanted.map((each) => send(gateway.address, [formatLines(each)])));
    assert.deepEqual([...new Set(replies)], ['ERR: INVALID_TOKEN\n']);
    const bodies = await Promise.all(wanted.map((each) => claimByHttp(gateway, each)));
    assert.deepEqual([...new Set(bodies.map(({ code }) => code))], ['403 INVALID_TOKEN']);
    assert.doesNotMatch(
      gateway.listener?.stderr.slice(printed) ?? '',
      new RegExp(tickets.map(({ id }) => id).join('|')),
    );
  });

  test('that is wrong cannot be told from an unknown ID by the time of the exchange', async (t) => {
    const known = await grantMany(gateway, EXCHANGES);
    const bound = await grant(gateway);
    assert.equal((await claim(gateway, { ticket: bound, key: makeKey() })).code, 'OK');
    const ask = (id: Ticket['id']) => {
      const lines = formatLines({ ticket: { ...makeTicket(), id }, key: makeKey() });
      return async () => assert.equal(await send(gateway.address, [lines]), 'ERR: INVALID_TOKEN\n');
    };
    const [unknown = [], unbound = [], taken = []] = await measureInTurns(EXCHANGES, [
      () => ask(makeTicket().id),
      (turn) => ask(known[turn]?.id ?? bound.id),
      () => ask(bound.id),
    ]);
    assertAlike(t, unknown, unbound);
    assertAlike(t, unknown, taken);
  });

  test('that is wrong cannot be told from an unknown ID by the time of the judgement', async (t) => {
    const ticket = await grant(gateway);
    const lease = await (await openTable(gateway)).find(ticket.id);
    const judge = (found: typeof lease) => {
      const [name, key] = [MEMBERS as DomainName, makeKey() as PublicKey];
      const line = parseThirdLine(buildThirdLine({ ticket: { ...makeTicket(), id: ticket.id }, key }));
      assert.ok(line !== undefined);
      return () => judgeProof(found, { domain: name, name, key, line }, 0);
    };
    const kinds = [() => judge(undefined), () => judge(lease)];
    await measureInTurns(WARM_UP, kinds);
    const [unknown = [], known = []] = await measureInTurns(JUDGEMENTS, kinds);
    assertAlike(t, unknown, known);
  });

  test('is in no line of the log, nor is its secret or a proof', async () => {
    const ticket = await grant(gateway);
    const key = makeKey();
    const line = buildThirdLine({ ticket, key });
    for (const [who, third] of [
      [makeKey(), line],
      [key, `${line}x`],
      [key, line],
    ])
      await send(gateway.address, [`${MEMBERS}\n${who}\n${third}\n`]);
    for (const path of ['/api/v1/lease', '/api/v1/wg/key/exchange', '/api/v2/wg/key/exchange'])
      for (const domain of [MEMBERS, 'elsewhere'])
        await post(gateway, path, { proof: formatCredentials(ticket.id, ticket.token), domain, public_key: key });
    const log = gateway.listener?.stderr ?? '';
    assert.match(log, /"sent":"elsewhere /);
    assert.match(log, new RegExp(`"lease":"${ticket.id}"`));
    const proof = line.replace(/^.*\./, '');
    assert.doesNotMatch(log, new RegExp([ticket.token, ticket.secret, proof].join('|')));
  });
});

describe('a third line that somebody recorded', () => {
  let gateway: Gateway;

  before(async () => {
    gateway = await Gateway.create(3, [leased(3)]);
    await gateway.start();
  });
  after(() => gateway.close());

  test('serves its own key alone', async () => {
    const ticket = await grant(gateway);
    const [key, other] = [makeKey(), makeKey()];
    const line = buildThirdLine({ ticket, key });
    assert.match(await send(gateway.address, [`${MEMBERS}\n${key}\n${line}\n`]), /^OK\n/);
    assert.equal(await send(gateway.address, [`${MEMBERS}\n${other}\n${line}\n`]), 'ERR: INVALID_TOKEN\n');
  });

  test('binds nothing once the lease was released, before and after the next key', async () => {
    const ticket = await grant(gateway);
    const [stolen, next] = [makeKey(), makeKey()];
    const recorded = formatLines({ ticket, key: stolen });
    assert.match(await send(gateway.address, [recorded]), /^OK\n/);
    assert.equal(await (await openTable(gateway)).release(ticket.id), true);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
    assert.equal(await gateway.findPeer(stolen), undefined);

    assert.equal(await send(gateway.address, [recorded]), 'ERR: PROHIBITED_WGKEY\n');
    assert.equal((await claim(gateway, { ticket, key: stolen })).code, 'PROHIBITED_WGKEY', 'with the token');
    assert.equal((await claim(gateway, { ticket, key: next })).code, 'OK');
    assert.equal(await send(gateway.address, [recorded]), 'ERR: TOKEN_USED\n');
    assert.equal(await gateway.findPeer(stolen), undefined);
    assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
  });

  test('is wrong once the token was lost and replaced', async () => {
    const ticket = await grant(gateway);
    const recorded = formatLines({ ticket, key: makeKey() });
    assert.match(await send(gateway.address, [recorded]), /^OK\n/);
    assert.equal(await (await openTable(gateway)).release(ticket.id, makeTicket().secret), true);
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    assert.equal(await send(gateway.address, [recorded]), 'ERR: INVALID_TOKEN\n');
    assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
  });
});

function assertAlike(t: TestContext, one: readonly number[], other: readonly number[]): void {
  const { percent, deviations } = compare(one, other);
  const words = `medians ${findMedian(one).toFixed(4)} and ${findMedian(other).toFixed(4)} ms: ${percent.toFixed(1)} % and ${deviations.toFixed(1)} deviations apart`;
  t.diagnostic(words);
  assert.ok(deviations < MOST_DEVIATIONS || percent < LEAST_PERCENT, words);
}

function formatLines({ ticket, key, name = ticket.domain }: Claim): string {
  return `${name}\n${key}\n${buildThirdLine({ ticket, key, name })}\n`;
}
