import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { ipBatch, pause } from '../../lab/commands.ts';
import { IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { type Answer, buildSettings, FakeGateway, sendSigned } from '../../lab/join/fake-gateway.ts';
import { findRouter } from '../../lab/join/internet.ts';
import { Machine } from '../../lab/join/machine.ts';
import { makeTicket, type Ticket } from '../../lab/leases.ts';
import { Segment } from '../../lab/network.ts';
import { buildTunnelConfig, type TunnelSettings } from '../../src/core/leases/tunnel-config.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';

const RESOLVER = '9.9.9.9';
const DOCKER = '172.17.0.1/16';
/** A shell command in a configuration would make it. */
const OWNED = '/tmp/owned';
/** Of an exchange. */
const MOST_SECONDS = 10;

let home: Segment;
before(async () => {
  if (!IS_ROOT_ALONE) home = await Segment.create(100);
});
after(() => home?.close());

/** One machine and one gateway, for lies told in turn. */
async function setUp(number: number) {
  const [machine, gateway, ticket] = [
    await Machine.create(home, number),
    await FakeGateway.create(number),
    makeTicket(),
  ];
  await machine.setUp(ticket, [gateway.host]);
  await machine.setResolvers([RESOLVER]);
  // Without an IPv6 address, which would come whenever the kernel likes.
  await ipBatch(
    machine.namespace,
    'link add docker0 type bridge',
    'link set docker0 addrgenmode none up',
    `address add ${DOCKER} dev docker0`,
  );
  const close = async () => {
    await machine.close();
    await gateway.close();
  };
  return { machine, gateway, ticket, close };
}

type Scene = Awaited<ReturnType<typeof setUp>>;
/** What it is, the configuration, and what the refusal names. */
type Lie = readonly [string, (scene: Scene) => string | TunnelSettings, RegExp];

/** Tells a lie to a client that has just started, and compares the machine. */
async function tell({ machine, gateway }: Scene, answer: Answer, event: string, reason: RegExp) {
  const before = await machine.snapshot();
  gateway.says(answer);
  await machine.start();
  try {
    const entry = await machine.logs(event, { on: gateway.on }, MOST_SECONDS + 10);
    assert.match(`${entry['code'] ?? ''} ${entry['reason'] ?? ''}`, reason);
    assert.deepEqual(await machine.findChanges(before), []);
  } finally {
    await machine.stop();
  }
  assert.equal(machine.find(event).length, 1);
  assert.deepEqual(await machine.findChanges(before), []);
  await assert.rejects(access(OWNED));
}

const SKIP = { skip: IS_ROOT_ALONE && 'there is no sudo where root is the only user' };

describe('a gateway that knows the lease, and sends', { ...SKIP, concurrency: 2 }, () => {
  const scenes: Scene[] = [];
  before(async () => {
    for (const number of [1, 2]) scenes.push(await setUp(number));
  });
  after(async () => {
    for (const { close } of scenes) await close();
  });

  const touch = `touch ${OWNED}`;
  const into = (line: string) => (config: string) => config.replace('[Peer]', `${line}\n[Peer]`);
  const texts: readonly [string, (config: string) => string, RegExp][] = [
    ['PostUp', into(`PostUp = ${touch}`), /PostUp/],
    ['PreUp and PostDown in other letters', into(`preup = ${touch}\nPOSTDOWN = ${touch}`), /preup/i],
    ['Table = off', into('Table = off'), /Table/],
    ['a mark of its own', into('FwMark = 0x7767'), /FwMark/],
    ['a private key', into(`PrivateKey = ${makeKey()}`), /PrivateKey/],
    ['a second peer', (config) => `${config}[Peer]\nPublicKey = ${makeKey()}\nAllowedIPs = 10.66.0.0/24\n`, /\[Peer\]/],
    ['a line feed in a value', (config) => config.replace('MTU = 1420', `MTU = 1420\rPostUp = ${touch}`), /MTU/],
    ['an MTU beyond all', (config) => config.replace('MTU = 1420', 'MTU = 99999'), /MTU/],
    ['an address for a whole network', (config) => config.replace('10.66.0.7/32', '10.66.0.7/24'), /10\.66\.0\.7/],
    ['a comment that nobody writes', (config) => `# Hello\n${config}`, /Hello/],
    ['nothing at all', () => ' ', /line 1/],
    ['bytes that are not text', () => '\0\x1b[2J\xff', /line 1/],
  ];

  const lan = () => home.ipv4('0.0');
  const routes: readonly [string, () => readonly string[], RegExp][] = [
    ['everything', () => ['0.0.0.0/0'], /0\.0\.0\.0\/0/],
    ['everything, as IPv6', () => ['::/0'], /::\/0/],
    ['everything in two halves', () => ['0.0.0.0/1', '128.0.0.0/1'], /0\.0\.0\.0\/1 overlaps/],
    ['more addresses than root permits', () => ['44.0.0.0/8', '45.0.0.0/8'], /more than a \/8/],
    ['the same with IPv6', () => ['2a00::/31', '2a02::/32'], /more than a \/32/],
    ['the network at home', () => [`${lan()}/16`], /10\.100\.0\.0\/16 overlaps/],
    ['a part of the network at home', () => [`${home.ipv4('2.0')}/24`], /10\.100\.2\.0\/24 overlaps the network/],
    ['a network around the one at home', () => ['10.0.0.0/8'], /10\.0\.0\.0\/8 overlaps/],
    ['the default gateway', () => [`${findRouter(home).ipv4}/32`], /10\.100\.0\.2 overlaps the default gateway/],
    ['the default gateway of IPv6', () => [`${findRouter(home).ipv6}/128`], /fd00:100::2 overlaps the default gateway/],
    ['the containers', () => ['172.17.3.0/24'], /172\.17\.3\.0\/24 overlaps the network .* docker0/],
    ['the name server', () => [`${RESOLVER}/32`], /9\.9\.9\.9 overlaps the resolver/],
    [
      'the gateway itself',
      () => ['10.66.0.0/24', '10.1.0.0/24', '10.2.0.0/24'],
      /10\.[12]\.0\.0\/24 overlaps the endpoint/,
    ],
    ['loopback', () => ['127.0.0.0/16'], /overlaps loopback/],
    ['loopback of IPv6', () => ['::1/128'], /::1 overlaps loopback/],
    ['link-local addresses', () => ['169.254.0.0/16'], /overlaps link-local/],
    ['link-local addresses of IPv6', () => ['fe80::/64'], /overlaps link-local/],
    ['multicast', () => ['224.0.0.0/24'], /overlaps multicast/],
    ['multicast of IPv6', () => ['ff02::/16'], /overlaps multicast/],
    ['the network that is none', () => ['0.0.0.0/16'], /overlaps the unspecified network/],
  ];

  const addresses: readonly [string, () => string, RegExp][] = [
    ['on the network at home', () => home.ipv4('2.77'), /10\.100\.2\.77/],
    ['that the machine has', () => home.ipv4('2.1'), /10\.100\.2\.1/],
    ['of the default gateway', () => findRouter(home).ipv4, /10\.100\.0\.2/],
    ['of loopback', () => '127.0.0.53', /127\.0\.0\.53/],
    ['of the name server', () => RESOLVER, /9\.9\.9\.9/],
  ];

  const settings = (scene: Scene, more: Partial<TunnelSettings> = {}) => buildSettings(scene.gateway.host, more);
  const lies: readonly Lie[] = [
    ...texts.map(([what, change, reason]) => {
      return [what, (scene: Scene) => change(buildTunnelConfig(settings(scene))), reason] as const;
    }),
    ...routes.map(([what, list, reason]) => {
      return [`a route to ${what}`, (scene: Scene) => settings(scene, { allowedIps: list() }), reason] as const;
    }),
    ...addresses.map(([what, find, reason]) => {
      const own = () => ({ address4: parseIpAddress(find()), address6: undefined });
      return [`an address ${what}`, (scene: Scene) => settings(scene, { addresses: own() }), reason] as const;
    }),
  ];

  for (const [index, half] of [0, 1].entries())
    describe(`(half ${index + 1})`, { concurrency: 1 }, () => {
      for (const [what, config, reason] of lies.filter((_, at) => at % 2 === half))
        test(what, async () => {
          const scene = scenes[index];
          assert.ok(scene !== undefined);
          await tell(scene, sendSigned(scene.ticket, config(scene)), 'configuration refused', reason);
        });
    });

  test('what is right, after all of them, and the tunnel is there', async () => {
    const scene = await setUp(3);
    scenes.push(scene);
    const { machine, gateway, ticket } = scene;
    gateway.says(sendSigned(ticket, settings(scene)));
    await machine.start();
    await machine.logs('gateway failed', { on: gateway.on }, 40);
    assert.deepEqual(machine.find('configuration refused'), []);
  });
});

describe('something that does not know the lease, and sends', SKIP, () => {
  let scene: Scene;
  before(async () => {
    scene = await setUp(4);
  });
  after(() => scene.close());

  const stranger = makeTicket();
  /** What the gateway itself would say, and what somebody in the middle makes of it. */
  const forge =
    (change: (lines: string[]) => readonly string[], by: () => Ticket = () => scene.ticket): Answer =>
    (request, socket) => {
      const good = sendSigned(by(), buildSettings(scene.gateway.host));
      const middle = { end: (text: string) => socket.end(change(text.split('\n')).join('\n')) } as Socket;
      good(request, middle);
    };
  let recorded: string[] | undefined;
  const refusals: readonly [string, Answer][] = [
    [
      'a proof by another lease',
      forge(
        (lines) => lines,
        () => stranger,
      ),
    ],
    [
      'a proof with its characters in another order',
      forge(([ok = '', line = '', proof = '']) => [ok, line, [...proof].reverse().join(''), '']),
    ],
    [
      'another key in place of the gateway’s',
      forge(([ok = '', line = '', proof = '']) => [ok, replaceKey(line), proof, '']),
    ],
    [
      'another endpoint',
      forge(([ok = '', line = '', proof = '']) => [
        ok,
        changeConfig(line, (text) => text.replace(/^Endpoint.*$/m, 'Endpoint = 192.0.2.1:1')),
        proof,
        '',
      ]),
    ],
    [
      'the reply to an earlier request',
      forge((lines) => {
        recorded ??= lines;
        return recorded;
      }),
    ],
  ];
  for (const [what, answer] of refusals)
    test(what, async () => {
      // The first reply to be recorded is right, and brings a tunnel.
      if (what.includes('earlier')) {
        scene.gateway.says(answer);
        await scene.machine.start();
        await scene.machine.logs('gateway failed', {}, 40);
        await scene.machine.stop();
      }
      await tell(scene, answer, 'configuration refused', /proof/);
    });

  const failures: readonly [string, Answer, RegExp][] = [
    ['nothing', (_, socket) => socket.end(), /./],
    ['a reset', (_, socket) => socket.resetAndDestroy(), /./],
    ['OK and nothing else', (_, socket) => socket.end('OK\n'), /./],
    ['OK with two empty lines', (_, socket) => socket.end('OK\n\n\n'), /./],
    ['a reply without its last line', forge(([ok = '', line = '']) => [ok, line, '']), /./],
    ['a reply that goes on', forge((lines) => [...lines, 'more', '']), /./],
    ['another protocol', (_, socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'), /./],
    ['bytes that are not text', (_, socket) => socket.end(Buffer.from([0, 0xff, 0x1b, 0x5b, 0x32, 0x4a, 0x0a])), /./],
    ['a code that nobody knows', (_, socket) => socket.end('ERR: PWNED\n'), /./],
    ['a huge line', (_, socket) => sendForever(socket), /4,?096|long|large|bytes/],
    ['INVALID_TOKEN', (_, socket) => socket.end('ERR: INVALID_TOKEN\n'), /INVALID_TOKEN/],
    ['EXPIRED', (_, socket) => socket.end('ERR: EXPIRED\n'), /EXPIRED/],
    ['FULL', (_, socket) => socket.end('ERR: FULL\n'), /FULL/],
    ['a byte a second', (_, socket) => sendSlowly(socket), /10 s|time|late|slow/],
    ['nothing, and keeps the connection', () => {}, /10 s|time|late|silent/],
  ];
  for (const [what, answer, reason] of failures) test(what, () => tell(scene, answer, 'gateway failed', reason));
});

function replaceKey(line: string): string {
  return changeConfig(line, (text) => text.replace(/^PublicKey.*$/m, `PublicKey = ${makeKey()}`));
}

function changeConfig(line: string, change: (text: string) => string): string {
  return Buffer.from(change(Buffer.from(line, 'base64').toString())).toString('base64');
}

function sendForever(socket: Socket): void {
  const chunk = 'A'.repeat(65_536);
  const send = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.write('OK\n');
  socket.on('drain', send);
  send();
}

async function sendSlowly(socket: Socket): Promise<void> {
  for (const byte of 'OK\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA') {
    if (socket.destroyed) return;
    socket.write(byte);
    await pause(1000);
  }
}
