import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { eventually, ipBatch } from '../../lab/commands.ts';
import { IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { buildSettings } from '../../lab/join/fake-gateway.ts';
import { Helper, type Passed } from '../../lab/join/helper.ts';
import { DEVICE, Machine, NAME, TUNNEL } from '../../lab/join/machine.ts';
import { makeTicket, type Ticket } from '../../lab/leases.ts';
import { Segment } from '../../lab/network.ts';

const HOST = '192.0.2.10';
const GATEWAY = `${HOST}:10012`;
const OWNED = '/tmp/owned-by-join';
const SKIP = { skip: IS_ROOT_ALONE && 'there is no sudo where root is the only user' };

describe('a wgkex-join that somebody has taken over', SKIP, () => {
  let home: Segment;
  let machine: Machine;
  let ticket: Ticket;
  before(async () => {
    home = await Segment.create(101);
    machine = await Machine.create(home);
    ticket = makeTicket();
    await machine.setUp(ticket, [HOST]);
  });
  after(async () => {
    await machine.close();
    await home.close();
  });

  const settings = buildSettings(HOST);

  /** Asks the helper, which must refuse, and compares the machine before and after. */
  const requireRefusal = async (
    change: (helper: Helper, right: Passed) => Promise<Partial<Passed>> | Partial<Passed>,
    reason: RegExp,
  ) => {
    const before = await machine.snapshot();
    const helper = await Helper.open(machine);
    const right = await helper.getReply(ticket, settings, GATEWAY);
    const wrong = await change(helper, right);
    const reply = await helper.ask('up', { ...right, ...wrong });
    assert.match(reply?.refused ?? JSON.stringify(reply), reason);
    assert.deepEqual(await machine.findChanges(before), []);
    await helper.close();
    assert.deepEqual(await machine.findChanges(before), []);
  };

  test('cannot read what root keeps, nor change root’s file', async () => {
    for (const path of [`/var/lib/wgkex-client/${NAME}`, `/var/lib/wgkex-client/${NAME}/credentials`]) {
      assert.equal((await machine.attempt('ls', [path])).exitCode, 0);
      assert.match((await machine.attemptAsClient('ls', [path])).stderr, /denied/);
    }
    const file = `/etc/wgkex-client/${NAME}.toml`;
    assert.equal((await machine.attemptAsClient('cat', [file])).exitCode, 0);
    assert.match((await machine.attemptAsClient('sh', ['-c', `echo >>${file}`])).stderr, /denied/);
  });

  test('gets no other command from sudo, and no arguments', async () => {
    for (const words of [['--down', NAME], ['--version'], ['x']]) {
      const { exitCode, stderr } = await machine.attemptAsClient('sudo', ['-n', TUNNEL, ...words]);
      assert.deepEqual([exitCode, /password is required|not allowed/.test(stderr)], [1, true], stderr);
    }
    const { exitCode } = await machine.attemptAsClient('sudo', ['-n', 'true']);
    assert.equal(exitCode, 1);
  });

  test('does not bring its environment along', async () => {
    const evil = `--import=data:text/javascript,import{writeFileSync}from'node:fs';writeFileSync('${OWNED}','')`;
    const words = [`NODE_OPTIONS=${evil}`, 'LD_PRELOAD=/tmp/evil.so', 'PATH=/tmp'];
    const helper = await Helper.open(machine, ['/usr/bin/env', ...words]);
    assert.ok((await helper.ask('look'))?.look !== undefined);
    await helper.close();
    const { exitCode } = await machine.attempt('find', [OWNED, '-user', 'root']);
    assert.notEqual(exitCode, 0);
  });

  const changes: readonly [string, Parameters<typeof requireRefusal>[0], RegExp][] = [
    ['a proof that it has made up', () => ({ proof: 'A'.repeat(43) }), /proof/],
    ['a proof by another lease', async (helper) => helper.getReply(makeTicket(), settings, GATEWAY), /proof/],
    ['another configuration under a right proof', (_, { config }) => ({ config: changeKey(config) }), /proof/],
    [
      'a reply to the ticket before the latest',
      async (helper, right) => {
        await helper.ask('ticket');
        return right;
      },
      /proof/,
    ],
    ['a gateway that root’s file does not name', () => ({ gateway: '198.51.100.1:10012' }), /198\.51\.100\.1/],
    ['an endpoint inside the tunnel', () => ({ endpoint: { address: '10.66.0.9', port: 51820 } }), /10\.66\.0/],
    ['this machine as the endpoint', () => ({ endpoint: { address: '127.0.0.1', port: 22 } }), /loopback/],
    ['another machine as its relay', () => ({ via: 'tcp' }), /192\.0\.2\.10/],
  ];
  for (const [what, change, reason] of changes) test(`cannot use ${what}`, () => requireRefusal(change, reason));

  test('cannot use a reply twice, even one that was right', async () => {
    const before = await machine.snapshot();
    const helper = await Helper.open(machine);
    const right = await helper.getReply(ticket, settings, GATEWAY);
    assert.ok((await helper.ask('up', right))?.look !== undefined);
    const up = await machine.snapshot();
    assert.notDeepEqual(await machine.findChanges(before), []);
    assert.match((await helper.ask('up', right))?.refused ?? '', /./);
    assert.deepEqual(await machine.findChanges(up), []);
    assert.equal((await helper.ask('down'))?.refused, undefined);
    await helper.close();
    await requireSame(before);
  });

  test('cannot have an interface of somebody else’s changed or deleted', async () => {
    await ipBatch(machine.namespace, `link add ${DEVICE} type bridge`, `address add 192.168.77.1/24 dev ${DEVICE}`);
    await requireRefusal(() => ({}), new RegExp(DEVICE));
    const before = await machine.snapshot();
    const helper = await Helper.open(machine);
    await helper.ask('down');
    await helper.close();
    assert.deepEqual(await machine.findChanges(before), []);
    await ipBatch(machine.namespace, `link delete ${DEVICE}`);
  });

  test('ends the helper, and nothing else, by a line that is not a request', async () => {
    const before = await machine.snapshot();
    const helper = await Helper.open(machine);
    await helper.bringUp(ticket, settings, GATEWAY);
    await helper.close();
    const up = await machine.snapshot();
    assert.notDeepEqual(await machine.findChanges(before), []);
    for (const line of [
      'not JSON',
      '{}',
      '{"type":"run","id":1,"command":"id"}',
      '{"type":"up","id":1}',
      '{"type":"look","id":1,"more":true}',
      `{"type":"look","id":1,"name":"${'x'.repeat(100_000)}"}`,
      '\0\0\0',
    ]) {
      const broken = await Helper.open(machine);
      broken.write(`${line}\n`);
      await broken.ended();
      assert.notEqual(broken.child.child.exitCode, 0, line.slice(0, 40));
    }
    for (const begin of [
      '{"type":"begin","name":"../../etc"}',
      '{"type":"begin","name":"nobody"}',
      '{"type":"look","id":1}',
    ]) {
      const broken = Helper.start(machine);
      broken.write(`${begin}\n`);
      broken.child.child.stdin?.end();
      await broken.ended();
      assert.ok(!broken.child.stdout.includes('look'), begin);
    }
    assert.deepEqual(await machine.findChanges(up), []);
    const last = await Helper.open(machine);
    await last.ask('down');
    await last.close();
    await requireSame(before);
  });

  /** wireguard-go takes its interface along a moment after it was told. */
  async function requireSame(before: readonly string[]): Promise<void> {
    const isSame = async () => (await machine.findChanges(before)).length === 0;
    await eventually('the machine is as before', isSame, 5).catch(() => {});
    assert.deepEqual(await machine.findChanges(before), []);
  }
});

function changeKey(config: string): string {
  const text = Buffer.from(config, 'base64').toString();
  return Buffer.from(text.replace(/^PublicKey.*$/m, `PublicKey = ${makeKey()}`)).toString('base64');
}
