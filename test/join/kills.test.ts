import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { type Background, eventually, pause } from '../../lab/commands.ts';
import { IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { buildSettings } from '../../lab/join/fake-gateway.ts';
import { createGateway, grantOnAll, INSIDE } from '../../lab/join/gateways.ts';
import { Helper } from '../../lab/join/helper.ts';
import { DEVICE, type Machine } from '../../lab/join/machine.ts';
import { findHelper, findProcesses } from '../../lab/join/processes.ts';
import { Scene } from '../../lab/join/scene.ts';
import { type Action, chooseMoments, type Moment } from '../../lab/kills.ts';
import { makeTicket } from '../../lab/leases.ts';
import type { TunnelSettings } from '../../src/core/leases/tunnel-config.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';

const SKIP = { skip: IS_ROOT_ALONE && 'there is no sudo where root is the only user' };
const HOST = '192.0.2.10';
const GATEWAY = `${HOST}:10012`;
const TWO_LOOKS_SECONDS = 130;
const MORE_PINGS = 10;
/** By which wgkex-tunnel changes files, and starts programs; each is a moment to die at. */
const EFFECTS = ['fchmod', 'fsync', 'link', 'unlink', 'rename', 'clone', 'clone3', 'vfork'];
const THREAD = 'CLONE_THREAD';

describe('SIGKILL', { ...SKIP, concurrency: 4 }, () => {
  test('of wgkex-join costs nobody their tunnel, and the next one adopts it', async (t) => {
    const { machine, gateway, pings } = await createTunnel(t, 130, 30);
    const asked = countExchanges(gateway.listener);
    await machine.stop('SIGKILL');
    await eventually('wgkex-tunnel has ended', async () => (await findProcesses(machine)).length === 0);
    await pause(3000);
    await machine.start();
    await machine.logs('tunnel adopted');
    await machine.reaches(INSIDE);
    assert.equal(countExchanges(gateway.listener), asked);
    assert.deepEqual(await pings.stop(), []);
    assert.equal(await machine.stop(), 0);
    assert.equal(await machine.findPeer(), undefined);
  });

  test('of wgkex-tunnel costs nobody their tunnel, and it is there again when it is needed', async (t) => {
    const { machine, pings } = await createTunnel(t, 131, 31);
    process.kill(await findHelper(machine), 'SIGKILL');
    await machine.logs('tunnel helper ended');
    await eventually('another one runs', () => findHelper(machine).then(yes, no), TWO_LOOKS_SECONDS);
    assert.deepEqual(machine.find('tunnel ill'), []);
    assert.deepEqual(await pings.stop(), []);
    assert.equal(await machine.stop(), 0);
    assert.equal(await machine.findPeer(), undefined);
  });
});

const first = buildSettings(HOST, { allowedIps: ['10.66.0.0/24', '10.67.0.0/24', 'fd66::/112'] });
const second = buildSettings('192.0.2.20', {
  addresses: { address4: parseIpAddress('10.66.0.8'), address6: parseIpAddress('fd66::8') },
  allowedIps: ['10.66.0.0/24', '10.68.0.0/24', 'fd66::/112'],
  mtu: 1300,
});

/** What wgkex-tunnel does, from which state, to which. */
const ACTIONS = [
  { what: 'a tunnel comes up', from: undefined, to: first },
  { what: 'a tunnel moves to another gateway', from: first, to: second },
  { what: 'a tunnel goes down', from: first, to: undefined },
] as const;

describe('SIGKILL between any two effects, while', { ...SKIP, concurrency: 3 }, () => {
  for (const [index, { what, from, to }] of ACTIONS.entries())
    test(`${what}: the next request repairs it, or takes it down without a trace`, async (t) => {
      const scene = await Scene.create(132 + index);
      t.after(() => scene.close());
      const ticket = makeTicket();
      const machine = await scene.addMachine(ticket, [HOST, '192.0.2.20']);
      const settle = (settings: TunnelSettings | undefined, trace: readonly string[] = []) =>
        bring(machine, settings, (helper) => helper.getReply(ticket, settings ?? first, nameOf(settings)), trace);

      const untouched = await machine.snapshot();
      await settle(to);
      const wanted = await readTunnel(machine);
      await settle(undefined);
      await requireSame(machine, untouched);
      await settle(from);

      const moments = await findMoments(machine, (trace) => settle(to, trace));
      t.diagnostic(`${moments.length} moments`);
      assert.ok(moments.length >= 5, moments.map(({ name }) => name).join('\n'));
      for (const [at, { name, strike }] of chooseMoments(moments, 2).entries())
        await t.test(name, async () => {
          await settle(from);
          await strike((trace) => settle(to, trace));
          // In turns, as each of them takes a moment.
          if (at % 2 === 0) {
            await settle(to);
            assert.deepEqual(await readTunnel(machine), wanted);
          }
          await settle(undefined);
          await requireSame(machine, untouched);
        });
    });
});

/** A tunnel to a real gateway, and pings through it that go on. */
async function createTunnel(t: TestContext, home: number, number: number) {
  const scene = await Scene.create(home);
  t.after(() => scene.close());
  const gateway = scene.add(await createGateway(number));
  const machine = await scene.addMachine(await grantOnAll([gateway]), [gateway.address]);
  await machine.start();
  await machine.logs('tunnel up');
  await machine.reaches(INSIDE);
  const pinging = machine.startProgram('ping', '-n', '-i', '0.2', INSIDE);
  const listAnswers = () => [...pinging.stdout.matchAll(/icmp_seq=(\d+) /g)].map(([, number]) => Number(number));
  await eventually('pings are answered', () => listAnswers().length > 3);
  /** Those that were lost, however late answers are. */
  const stop = async () => {
    const sent = Math.max(...listAnswers()) + MORE_PINGS;
    await eventually('later pings are answered', () => Math.max(...listAnswers()) >= sent);
    await pinging.stop('SIGINT');
    const answered = new Set(listAnswers());
    return Array.from({ length: sent - MORE_PINGS }, (_, index) => index + 1).filter((one) => !answered.has(one));
  };
  return { machine, gateway, pings: { stop } };
}

function countExchanges(listener: Background | undefined): number {
  return listener?.stderr.split('\n').filter((line) => line.includes('"msg":"admitted"')).length ?? 0;
}

/** Brings a machine into a state by one request to wgkex-tunnel, which may die of it. */
async function bring(
  machine: Machine,
  settings: TunnelSettings | undefined,
  getReply: (helper: Helper) => ReturnType<Helper['getReply']>,
  trace: readonly string[],
): Promise<void> {
  const helper = await Helper.trace(machine, trace);
  const ask = async () => (settings === undefined ? helper.ask('down') : helper.ask('up', await getReply(helper)));
  const reply = await ask().catch((error: Error) => ({ refused: error.message }));
  if (trace.length === 0)
    assert.equal(reply === undefined ? 'it ended' : reply.refused, undefined, helper.child.stderr);
  await helper.close();
}

function nameOf(settings: TunnelSettings | undefined): string {
  return settings === second ? '192.0.2.20:10012' : GATEWAY;
}

/** What strace sees of wgkex-tunnel itself, each a moment before which it is killed. */
async function findMoments(machine: Machine, action: Action<unknown>): Promise<Moment[]> {
  const output = machine.file('/run/strace');
  const trace = ['strace', '-qq', '-o', output, '-e', `trace=${EFFECTS}`];
  await action(trace);
  return listCalls(await readFile(output, 'utf8')).map(({ call, when }) => ({
    name: `before its ${call} number ${when}`,
    strike: async (again) => {
      const result = await again([...trace, '-e', `inject=${call}:signal=KILL:when=${when}`]);
      assert.match(await readFile(output, 'utf8'), /killed by SIGKILL/);
      return result;
    },
  }));
}

/** The threads of Node are no effects, but count among its calls. */
function listCalls(trace: string): { readonly call: string; readonly when: number }[] {
  const counts = new Map<string, number>();
  return trace.split('\n').flatMap((line) => {
    const [, call] = line.match(/^([a-z0-9]+)\(/) ?? [];
    if (call === undefined) return [];
    const when = (counts.get(call) ?? 0) + 1;
    counts.set(call, when);
    return line.includes(THREAD) ? [] : [{ call, when }];
  });
}

/** All of a tunnel but what differs each time that an interface is made. */
async function readTunnel(machine: Machine): Promise<unknown> {
  const lines = (await machine.snapshot()).filter((line) => line.includes(DEVICE) || line.includes(' rule: '));
  const { stdout: peers } = await machine.attempt('wg', ['show', DEVICE, 'dump']);
  const [[, ...own] = [], ...others] = peers.split('\n').map((line) => line.split('\t'));
  // The listen port is random.
  return { lines: lines.map(leaveOutChance), own: [own[0], own[2]], peers: others.map((peer) => peer.slice(0, 4)) };
}

function leaveOutChance(line: string): string {
  return line
    .replaceAll(/"(ifindex|index|link_index)":\d+,?/g, '')
    .replaceAll(/\{[^{}]*"(fe80::[^"]*)"[^{}]*\},?/g, '')
    .replaceAll(/"fe80::[0-9a-f:]+"/g, '"fe80::"');
}

/** wireguard-go takes its interface along a moment after it was told. */
async function requireSame(machine: Machine, before: readonly string[]): Promise<void> {
  const isSame = async () => (await machine.findChanges(before)).length === 0;
  await eventually('the machine is as before', isSame, 5).catch(() => {});
  assert.deepEqual(await machine.findChanges(before), []);
}

function yes(): boolean {
  return true;
}

function no(): boolean {
  return false;
}
