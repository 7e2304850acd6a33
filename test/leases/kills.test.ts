import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { attempt, eventually } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { chooseMoments, findProgramMoments, findWriteMoments, type Moment } from '../../lab/kills.ts';
import { claim, grant, leased, MEMBERS, openTable, readLeases, readPeers, type Ticket } from '../../lab/leases.ts';

const CLEANUP = '/usr/lib/wgkex/wgkex-cleanup';
const DAY = 86_400;
/** Every sixth moment is tried, unless KILLS=all is in the environment. */
const ONE_IN = 6;

const COMMANDS = [
  { what: 'a lease that is revoked', number: 75, words: ['revoke'], isEnded: false },
  { what: 'a lease that is released', number: 76, words: ['release', '--lost'], isEnded: false },
  { what: 'an ended lease that comes back', number: 77, words: ['extend', '--days', '9'], isEnded: true },
];

describe('after a kill table and kernel agree with the next pass:', { concurrency: 2 }, () => {
  for (const { victim, number } of [
    { victim: 'caller', number: 61 },
    { victim: 'program', number: 62 },
  ] as const)
    test(`a member that was being bound has its tunnel, or none, and gets it when it asks again (the ${victim} is killed)`, async (t) => {
      const gateway = await createGateway(t, number);
      await gateway.start();
      await bind(gateway);
      let wanted = { ticket: await grant(gateway), key: makeKey() };
      const join = async () => {
        await handlerIsReady(gateway);
        wanted = { ticket: await grant(gateway), key: makeKey() };
        await gateway.unlocked();
        return claim(gateway, wanted);
      };
      const moments = (await findProgramMoments(gateway, victim, join)).filter(isTelling);
      assert.ok(moments.length >= 10, moments.map(({ name }) => name).join('\n'));
      for (const { name, strike } of chooseMoments(moments, ONE_IN))
        await t.test(name, async () => {
          const { code } = await strike(join);
          if (victim === 'caller') assert.equal(code, 'FAILED');
          await assertAgreement(gateway);
          await handlerIsReady(gateway);
          assert.equal((await claim(gateway, wanted)).code, 'OK');
          await assertAgreement(gateway);
        });
    });

  for (const { what, number, find } of [
    { what: 'around the programs that it runs', number: 63, find: findCallerMoments },
    { what: 'around what it writes', number: 64, find: findWriteMoments },
  ])
    test(`a pass that ends a lease, frees a key, restores a member and removes a stranger (killed ${what})`, async (t) => {
      const gateway = await createGateway(t, number);
      await gateway.start();
      const [over, freed, bare] = [await bind(gateway), await bind(gateway), await bind(gateway)];
      await bind(gateway);
      const pass = (strace: readonly string[]) => {
        const [program = '', ...args] = [...strace, CLEANUP, MEMBERS];
        return attempt(gateway.namespace, program, args);
      };
      const makeWork = () => prepare(gateway, { over, freed, bare });
      await makeWork();
      const moments = (await find(gateway, pass)).filter(isTelling);
      assert.ok(moments.length >= 8, moments.map(({ name }) => name).join('\n'));
      await assertAgreement(gateway, 2);
      for (const { name, strike } of chooseMoments(moments, ONE_IN))
        await t.test(name, async () => {
          await makeWork();
          assert.equal((await strike(pass)).signal, 'SIGKILL');
          await assertAgreement(gateway, 2, 2);
        });
    });

  for (const { what, number, words, isEnded } of COMMANDS)
    test(`${what} by a command`, async (t) => {
      const gateway = await createGateway(t, number);
      await gateway.start();
      let { id } = await bind(gateway);
      const makeWork = async () => {
        ({ id } = await bind(gateway));
        if (isEnded) await (await openTable(gateway)).revoke(id, readTime());
        await assertAgreement(gateway);
      };
      const command = (strace: readonly string[]) => {
        const [program = '', ...args] = [...strace, 'wgkex', 'lease', ...words, id];
        return attempt(gateway.namespace, program, args);
      };
      await makeWork();
      const moments = (await findCallerMoments(gateway, command)).filter(isTelling);
      assert.ok(moments.length >= 6, moments.map(({ name }) => name).join('\n'));
      for (const { name, strike } of chooseMoments(moments, ONE_IN))
        await t.test(name, async () => {
          await makeWork();
          assert.equal((await strike(command)).signal, 'SIGKILL');
          await assertAgreement(gateway);
        });
    });
});

/** The leases that a pass has work with. */
interface Cast {
  readonly over: Ticket;
  readonly freed: Ticket;
  readonly bare: Ticket;
}

/** One is over for the second look, one was released, one has lost its peer, and a peer is in the table nowhere. */
async function prepare(gateway: Gateway, { over, freed, bare }: Cast): Promise<void> {
  const table = await openTable(gateway);
  await table.extend(over.id, readTime() + DAY);
  await claim(gateway, { ticket: freed, key: makeKey() });
  await assertCleanPass(gateway);
  await table.extend(over.id, readTime() - 1);
  const device = gateway.wireguard();
  await gateway.run('wg', 'set', device, 'peer', makeKey(), 'allowed-ips', '10.66.0.99/32');
  await assertCleanPass(gateway);
  await table.release(freed.id);
  const key = (await table.find(bare.id))?.key ?? '';
  await gateway.run('wg', 'set', device, 'peer', key, 'remove');
}

async function createGateway(t: TestContext, number: number): Promise<Gateway> {
  const gateway = await Gateway.create(number, [leased(number)]);
  t.after(() => gateway.close());
  await gateway.configure({
    cleanup: { second_look_seconds: 0 },
    limits: { exempt: [`10.${number}.0.0/16`] },
  });
  return gateway;
}

/** A lease that is bound to a new key. */
async function bind(gateway: Gateway): Promise<Ticket> {
  const ticket = await grant(gateway);
  assert.equal((await claim(gateway, { ticket, key: makeKey() })).code, 'OK');
  return ticket;
}

/** Of SQL only the first moment, the last one, and the one before it is committed. */
function isTelling({ name }: Moment): boolean {
  const [, done, of] = name.match(/^sqlite3 .*with (\d+) of (\d+) done$/) ?? [];
  return done === undefined || [0, Number(of) - 1, Number(of)].includes(Number(done));
}

function findCallerMoments(gateway: Gateway, action: Parameters<typeof findWriteMoments>[1]): Promise<Moment[]> {
  return findProgramMoments(gateway, 'caller', action);
}

/** After the passes everybody with a lease has a tunnel, and nobody else has. */
async function assertAgreement(gateway: Gateway, leases?: number, passes = 1): Promise<void> {
  for (let pass = 0; pass < passes; pass++) await assertCleanPass(gateway);
  const table = await readLeases(gateway);
  assert.deepEqual(await readPeers(gateway), table);
  if (leases !== undefined) assert.equal(table.length, leases);
}

async function assertCleanPass(gateway: Gateway): Promise<void> {
  const { exitCode, stderr } = await gateway.cleanUp();
  assert.equal(exitCode, 0, stderr);
}

async function handlerIsReady({ listener }: Gateway): Promise<void> {
  const count = (event: string) => listener?.stderr.split(`"msg":"${event}"`).length ?? 0;
  await eventually('a handler is ready', () => count('handler is ready') > count('handler ended'));
}

function readTime(): number {
  return Math.floor(Date.now() / 1000);
}
