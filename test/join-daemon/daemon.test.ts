import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { findDeadPort, MANNERS, startGateway } from './gateways.ts';
import { Scene, until } from './scene.ts';

const DAY = 86_400;
const nowSeconds = () => Math.floor(Date.now() / 1000);

describe('a client', { concurrency: 3 }, () => {
  test('has its tunnel although one gateway is dead, one is full and one is slow, and says so', async (t) => {
    const scene = new Scene(t);
    const dead = await findDeadPort();
    const full = await startGateway(t, MANNERS.refusing('FULL'));
    const slow = await startGateway(t, MANNERS.slow);
    const good = await startGateway(t, MANNERS.good());
    scene.change({ alive: [`${good.on} udp`] });
    const { lines } = scene.start([dead, full.on, slow.on, good.on], { sample: 4 });
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
    const { gateway, via, look } = scene.state ?? {};
    assert.deepEqual([gateway, via, look?.isUp, look?.addresses], [good.on, 'udp', true, ['10.66.0.7']]);
    assert.equal(lines.at(-1), `<6>tunnel up 10.66.0.7 on=${good.on} via=udp`);
    assert.deepEqual(scene.kernel['endpoint'], { address: '127.0.0.1', port: 51820 });
    for (const { gateway: failed, code, reason } of scene.state?.failures ?? [])
      if (failed === full.on)
        assert.deepEqual([code, reason], ['FULL', 'the gateway has no free address; ask the operator']);
  });

  test('tries the gateways that answer before the ones that do not, and does not ask the others', async (t) => {
    const scene = new Scene(t);
    const dead = await findDeadPort();
    const good = await startGateway(t, MANNERS.good());
    scene.change({ alive: [`${good.on} udp`] });
    const { lines } = scene.start([dead, good.on]);
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
    assert.deepEqual(lines, [`<6>tunnel up 10.66.0.7 on=${good.on} via=udp`]);
  });

  test('moves to another gateway when its own dies, and then rests', async (t) => {
    const scene = new Scene(t);
    const gateways = await Promise.all([1, 2].map(() => startGateway(t, MANNERS.good())));
    const alive = gateways.map(({ on }) => `${on} udp`);
    scene.change({ alive });
    const { lines } = scene.start(gateways.map(({ on }) => on));
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
    const first = scene.state?.gateway ?? '';
    scene.change({ alive: alive.filter((one) => one !== `${first} udp`) });
    await until(
      () => scene.state?.doing === 'up' && scene.state.gateway !== first,
      () => lines,
    );
    assert.match(lines[1] ?? '', new RegExp(`^<4>tunnel ill on=${first} seconds=(1[89]\\d|2\\d\\d)$`));
    assert.match(lines[2] ?? '', /^<6>tunnel up 10\.66\.0\.7 on=/);
    const before = gateways.map(({ exchanges }) => exchanges.length);
    const asked = scene.requests.length;
    await pause(500);
    assert.deepEqual(
      gateways.map(({ exchanges }) => exchanges.length),
      before,
    );
    const since = scene.requests.slice(asked);
    assert.deepEqual([...new Set(since)], ['look']);
    assert.ok(since.length <= 6, `${since.length}`);
    assert.equal(lines.length, 3);
  });

  test('leaves a gateway out that accepts and never shakes hands, for longer each time', async (t) => {
    const scene = new Scene(t);
    const idle = await startGateway(t, MANNERS.good());
    const { lines } = scene.start([idle.on]);
    const failed = () => lines.filter((line) => line.includes('gateway failed'));
    await until(
      () => failed().length === 2,
      () => lines,
    );
    assert.deepEqual(
      failed(),
      [60, 120].map((seconds) => `<4>gateway failed on=${idle.on} via=udp pause=${seconds}: no handshake within 0.5 s`),
    );
    assert.equal(lines.filter((line) => line.includes('no gateway')).length, 1);
    assert.equal(scene.state?.doing === 'waiting' || scene.state?.doing === 'seeking', true);
  });

  test('takes a tunnel back that has come back by itself', async (t) => {
    const scene = new Scene(t);
    const idle = await startGateway(t, MANNERS.good());
    const { lines } = scene.start([idle.on]);
    await until(
      () => lines.some((line) => line.includes('no gateway')),
      () => lines,
    );
    const asked = idle.exchanges.length;
    scene.change({ alive: [`${idle.on} udp`] });
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
    assert.equal(idle.exchanges.length, asked);
    assert.deepEqual(scene.state?.failures, []);
  });

  test('says what to do if the lease is over, and tries again', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.refusing('EXPIRED'));
    const { lines } = scene.start([gateway.on]);
    await until(
      () => scene.state?.doing === 'waiting',
      () => lines,
    );
    const words = 'the lease is over; ask the operator to extend it';
    assert.equal(lines[0], `<4>gateway failed on=${gateway.on} code=EXPIRED pause=60: ${words}`);
    assert.match(lines[1] ?? '', /^<4>no gateway seconds=\d\d: the lease is over; ask the operator to extend it$/);
    assert.equal(lines.length, 2);
    assert.equal(scene.state?.reason, words);
    assert.ok((scene.state?.again ?? 0) > nowSeconds() + 5);
    gateway.manner = MANNERS.good();
    scene.change({ alive: [`${gateway.on} udp`] });
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
  });

  test('leaves the machine as it was if root refuses, and leaves it to root to log that', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.good());
    scene.change({ refused: { up: 'the route 192.168.1.0/24 overlaps the network of eth0' } });
    const { lines } = scene.start([gateway.on]);
    await until(
      () => scene.state?.doing === 'waiting',
      () => lines,
    );
    const reason = 'the route 192.168.1.0/24 overlaps the network of eth0';
    assert.deepEqual(
      lines.map((line) => line.replace(/=\d+/, '')),
      [`<4>no gateway seconds: ${reason}`],
    );
    const [failure] = scene.state?.failures ?? [];
    assert.equal(failure?.reason, reason);
    assert.ok((failure?.until ?? 0) >= (failure?.at ?? 0) + 60);
    assert.deepEqual(scene.kernel, {});
  });

  test('never shows root what does not have the form of a configuration', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.withCommand);
    const { lines } = scene.start([gateway.on]);
    await until(
      () => scene.state?.doing === 'waiting',
      () => lines,
    );
    assert.match(
      lines[0] ?? '',
      /^<3>configuration refused on=[\d.:]+: Cannot use the gateway's configuration: line 3/,
    );
    assert.equal(scene.requests.includes('up'), false);
  });

  test('does not blame a gateway for what is wrong on this machine', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.good());
    const reason = 'Cannot read /var/lib/wgkex-client/members/credentials: there is none';
    scene.change({ refused: { ticket: reason } });
    const { lines } = scene.start([gateway.on]);
    await until(
      () => scene.state?.doing === 'waiting',
      () => lines,
    );
    assert.deepEqual([scene.state?.reason, scene.state?.failures], [reason, []]);
  });

  test('does not blame a gateway while the machine has no network, and logs that once', async (t) => {
    const scene = new Scene(t);
    const { lines } = scene.start(['255.255.255.255:10012']);
    await until(
      () => scene.requests.filter((type) => type === 'ticket').length > 3,
      () => lines,
    );
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^<4>no gateway seconds=1: no TCP connection to 255\.255\.255\.255:10012: [a-z ]+$/);
    assert.equal(scene.state?.failures[0]?.until, undefined);
  });

  test('tries again soon without a network, as at a boot, and then less and less often', async (t) => {
    const scene = new Scene(t);
    const tickets = () => scene.requests.filter((type) => type === 'ticket').length;
    const begun = performance.now();
    const { lines } = scene.start(['255.255.255.255:10012'], {}, { retry: 0.2, look: 60 });
    await until(
      () => tickets() === 4,
      () => lines,
    );
    assert.ok(performance.now() - begun >= 200 + 400 + 800);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^<4>no gateway seconds=1: no TCP connection to 255\.255\.255\.255:10012: [a-z ]+$/);
  });

  test('tries again without a network once a look at the latest', async (t) => {
    const scene = new Scene(t);
    const begun = performance.now();
    const { lines } = scene.start(['255.255.255.255:10012'], {}, { retry: 0.1, look: 0.2 });
    await until(
      () => scene.requests.filter((type) => type === 'ticket').length > 9,
      () => lines,
    );
    assert.ok(performance.now() - begun < 20_000);
    assert.equal(lines.length, 1);
  });

  test('tries again soon when the network has changed, although it has tried for long', async (t) => {
    const scene = new Scene(t);
    const tickets = () => scene.requests.filter((type) => type === 'ticket').length;
    const { lines } = scene.start(['255.255.255.255:10012'], {}, { retry: 0.2, look: 60 });
    for (const count of [4, 5]) {
      await until(
        () => tickets() >= count,
        () => lines,
      );
      scene.network = '198.51.100.9';
    }
    const changed = performance.now();
    await until(
      () => tickets() >= 7,
      () => lines,
    );
    assert.ok(performance.now() - changed < 6000);
  });

  test('tries again at once in another network', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.refusing('BUSY'));
    const { lines } = scene.start([gateway.on], {}, { look: 0.05 });
    const failed = () => lines.filter((line) => line.includes('gateway failed'));
    await until(
      () => failed().length === 3,
      () => lines,
    );
    const asked = gateway.exchanges.length;
    scene.network = '198.51.100.9';
    await until(
      () => gateway.exchanges.length > asked,
      () => lines,
    );
    await until(
      () => failed().length === 4,
      () => lines,
    );
    assert.match(failed().at(-1) ?? '', / pause=60: /);
  });

  test('is stopped: the tunnel goes down, also in the middle of an exchange', async (t) => {
    const scene = new Scene(t);
    const good = await startGateway(t, MANNERS.good());
    scene.change({ alive: [`${good.on} udp`] });
    const first = scene.start([good.on]);
    await until(
      () => scene.state?.doing === 'up',
      () => first.lines,
    );
    await first.stop();
    assert.equal(scene.kernel['isUp'], false);
    assert.equal(scene.state?.doing, 'stopped');
    assert.equal(first.lines.at(-1), '<6>tunnel down: the service was stopped');
    good.manner = MANNERS.silent;
    const second = scene.start([good.on], {}, { exchange: 60 });
    await until(
      () => good.exchanges.length === 2,
      () => second.lines,
    );
    await second.stop();
    assert.equal(second.lines.at(-1), '<6>tunnel down: the service was stopped');
  });

  test('adopts a tunnel that works, without an exchange', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.good());
    const found = { isUp: true, gateway: gateway.on, via: 'udp', received: 1, sent: 1, addresses: ['10.66.0.7'] };
    scene.setKernel({ ...found, handshake: nowSeconds() - 170 });
    const { lines } = scene.start([gateway.on]);
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
    assert.deepEqual(lines, [`<6>tunnel adopted on=${gateway.on}`]);
    assert.deepEqual(gateway.exchanges, []);
    assert.equal(scene.kernel['isUp'], true);
  });

  test('opens the relay again for a tunnel that goes through it, before anything else', async (t) => {
    const scene = new Scene(t);
    const [gateway, other] = [
      await startGateway(t, MANNERS.good('127.0.0.1:9')),
      await startGateway(t, MANNERS.good()),
    ];
    const found = { isUp: true, gateway: gateway.on, via: 'tcp', received: 1, sent: 1, addresses: ['10.66.0.7'] };
    scene.setKernel({ ...found, handshake: nowSeconds() - 20, endpoint: { address: '127.0.0.1', port: 9 } });
    scene.change({ alive: [`${gateway.on} tcp`] });
    const { lines } = scene.start([gateway.on, other.on]);
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
    assert.equal(lines.at(-1), `<6>tunnel adopted on=${gateway.on}`);
    assert.deepEqual([gateway.exchanges.length, other.exchanges.length], [1, 0]);
    assert.notDeepEqual(scene.kernel['endpoint'], { address: '127.0.0.1', port: 9 });
  });

  for (const [name, change] of [
    ['is too old', { handshake: nowSeconds() - 200 }],
    ['is of the future', { handshake: nowSeconds() + 5000 }],
    ['goes through a relay that has vanished', { via: 'tcp' }],
    ['is of a gateway that root has taken out', { gateway: 'gw9.example.org:10012' }],
  ] as const)
    test(`does not adopt a tunnel that ${name}`, async (t) => {
      const scene = new Scene(t);
      const gateway = await startGateway(t, MANNERS.good());
      const found = { isUp: true, gateway: gateway.on, via: 'udp', received: 1, sent: 1, addresses: [] };
      scene.setKernel({ ...found, handshake: nowSeconds(), ...change });
      const { lines } = scene.start([gateway.on]);
      await until(
        () => gateway.exchanges.length > 0,
        () => lines,
      );
      assert.equal(
        lines.some((line) => line.includes('adopted')),
        false,
      );
    });

  test('keeps the tunnel when wgkex-tunnel ends, and starts it again', async (t) => {
    const scene = new Scene(t);
    const good = await startGateway(t, MANNERS.good());
    const alive = [`${good.on} udp`];
    scene.change({ alive });
    const { lines } = scene.start([good.on]);
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
    scene.change({ alive, dies: 'look' });
    await until(
      () => lines.some((line) => line.includes('helper ended')),
      () => lines,
    );
    scene.change({ alive });
    const asked = scene.requests.length;
    await until(
      () => scene.requests.length > asked + 2,
      () => lines,
    );
    assert.equal(lines[1], '<3>tunnel helper ended restart_ms=100: exit status 3');
    assert.equal(scene.state?.doing, 'up');
    assert.equal(good.exchanges.length, 1);
  });

  test('asks for another tunnel when somebody removed the interface', async (t) => {
    const scene = new Scene(t);
    const good = await startGateway(t, MANNERS.good());
    scene.change({ alive: [`${good.on} udp`] });
    const { lines } = scene.start([good.on]);
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
    await until(
      () => scene.requests.at(-1) === 'look',
      () => lines,
    );
    scene.change({});
    scene.setKernel({ isUp: false, handshake: 0, received: 0, sent: 0, addresses: [] });
    await until(
      () => lines.includes('<6>tunnel down: somebody else removed the interface'),
      () => lines,
    );
    scene.change({ alive: [`${good.on} udp`] });
    await until(
      () => scene.kernel['isUp'] === true && scene.state?.doing === 'up',
      () => lines,
    );
  });
});

describe('a client whose lease ends', { concurrency: 3 }, () => {
  for (const [name, seconds, line] of [
    ['within a week', 6 * DAY, '<4>lease ends days=7: within a week; ask the operator to extend the lease'],
    ['within a day', DAY / 2, '<4>lease ends days=1: within a day; ask the operator to extend the lease'],
    ['a day ago', -DAY, '<4>lease over: the lease is over; ask the operator to extend it'],
  ] as const)
    test(`${name} warns once, after it has asked the gateway, whose refusal ends nothing`, async (t) => {
      const scene = new Scene(t);
      const gateway = await startGateway(t, MANNERS.good());
      scene.change({ alive: [`${gateway.on} udp`], expires: nowSeconds() + seconds });
      const { lines } = scene.start([gateway.on]);
      await until(
        () => scene.state?.doing === 'up',
        () => lines,
      );
      gateway.manner = MANNERS.refusing('EXPIRED');
      await until(
        () => lines.includes(line),
        () => lines,
      );
      const { length } = lines;
      await pause(400);
      assert.equal(lines.length, length);
      assert.equal(scene.state?.doing, 'up');
      assert.equal(scene.kernel['isUp'], true);
      assert.ok(gateway.exchanges.length <= 2, `${gateway.exchanges.length}`);
    });

  test('says nothing if it has been extended meanwhile', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.good());
    const alive = [`${gateway.on} udp`];
    scene.change({ alive, expires: nowSeconds() + DAY / 2 });
    const first = scene.start([gateway.on]);
    await until(
      () => scene.kernel['isUp'] === true,
      () => first.lines,
    );
    scene.change({ alive, expires: nowSeconds() + 400 * DAY });
    await until(
      () => (scene.state?.look?.expires ?? 0) > nowSeconds() + DAY,
      () => first.lines,
    );
    await pause(400);
    assert.equal(
      first.lines.some((line) => line.includes('lease')),
      false,
    );
    assert.equal(scene.state?.doing, 'up');
  });
});

describe('a client where UDP is blocked', { concurrency: 3 }, () => {
  const RELAY = '127.0.0.1:9';

  test('goes through the relay of the same gateway', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.good(RELAY));
    scene.change({ alive: [`${gateway.on} tcp`] });
    const { lines } = scene.start([gateway.on]);
    await until(
      () => scene.state?.doing === 'up',
      () => lines,
    );
    assert.equal(scene.state?.via, 'tcp');
    const { address, port } = scene.kernel['endpoint'] as { address: string; port: number };
    assert.equal(address, '127.0.0.1');
    assert.equal(lines[0], `<6>relay listening on=127.0.0.1:${port} to=${RELAY}`);
    assert.equal(gateway.exchanges.length, 2);
  });

  test('tries UDP again in another network, and goes back to the relay if that is in vain', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.good(RELAY));
    scene.change({ alive: [`${gateway.on} tcp`] });
    const { lines } = scene.start([gateway.on]);
    const ups = () => lines.filter((line) => line.includes('tunnel up'));
    await until(
      () => ups().length === 1,
      () => lines,
    );
    scene.network = '198.51.100.9';
    await until(
      () => ups().length === 2,
      () => lines,
    );
    const { port } = scene.kernel['endpoint'] as { port: number };
    scene.change({ alive: [`${gateway.on} tcp`, `${gateway.on} udp`] });
    scene.network = '203.0.113.4';
    await until(
      () => ups().length === 3,
      () => lines,
    );
    assert.deepEqual(
      ups().map((line) => / via=(\w+)/.exec(line)?.[1]),
      ['tcp', 'tcp', 'udp'],
    );
    // The relay's client has ended.
    const socket = createSocket('udp4').bind(port, '127.0.0.1');
    await once(socket, 'listening');
    socket.close();
  });

  test('asks another gateway at once if its own refuses it between UDP and the relay', async (t) => {
    const scene = new Scene(t);
    const own = await startGateway(t, MANNERS.good(RELAY));
    const other = await startGateway(t, MANNERS.refusing('FULL'));
    scene.change({ alive: [`${own.on} tcp`] });
    const { lines } = scene.start([own.on, other.on]);
    await until(
      () => scene.state?.via === 'tcp',
      () => lines,
    );
    own.manner = (socket) => {
      own.manner = MANNERS.refusing('FULL');
      MANNERS.good(RELAY)(socket);
    };
    other.manner = MANNERS.good();
    scene.change({ alive: [`${own.on} tcp`, `${other.on} udp`] });
    scene.network = '198.51.100.9';
    await until(
      () => scene.state?.gateway === other.on && scene.state.doing === 'up',
      () => lines,
    );
    assert.ok(lines.some((line) => line.includes(`gateway failed on=${own.on} code=FULL via=tcp`)));
    assert.ok(lines.every((line) => !line.includes('tunnel ill')));
  });

  test('never uses a relay if root does not permit it', async (t) => {
    const scene = new Scene(t);
    const gateway = await startGateway(t, MANNERS.good(RELAY));
    scene.change({ alive: [`${gateway.on} tcp`] });
    const { lines } = scene.start([gateway.on], { overTcp: 'never' });
    await until(
      () => scene.state?.doing === 'waiting',
      () => lines,
    );
    assert.equal(
      lines.some((line) => line.includes('relay')),
      false,
    );
  });

  test('never uses UDP if root wants TCP always, and says so if there is no relay', async (t) => {
    const scene = new Scene(t);
    const [bare, gateway] = [await startGateway(t, MANNERS.good()), await startGateway(t, MANNERS.good(RELAY))];
    scene.change({ alive: [bare, gateway].flatMap(({ on }) => [`${on} udp`, `${on} tcp`]) });
    const first = scene.start([bare.on], { overTcp: 'always' });
    await until(
      () => scene.state?.doing === 'waiting',
      () => first.lines,
    );
    assert.match(first.lines[0] ?? '', /^<4>gateway failed on=[\d.:]+ pause=60: it has no relay$/);
    await first.stop();
    const second = scene.start([gateway.on], { overTcp: 'always' });
    await until(
      () => scene.state?.doing === 'up',
      () => second.lines,
    );
    assert.equal(scene.state?.via, 'tcp');
    assert.equal(gateway.exchanges.length, 1);
  });
});
