import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReplyOf, RequestOf } from '../../src/core/client/messages.ts';
import { isProofOf } from '../../src/core/leases/proof.ts';
import { parseThirdLine } from '../../src/core/leases/third-line.ts';
import { buildTunnelConfig } from '../../src/core/leases/tunnel-config.ts';
import { InputError } from '../../src/core/values/errors.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { readAccepted, writeAccepted } from '../../src/system/client/store/accepted.ts';
import { removeInstance, writeInstance } from '../../src/system/client/store/instances.ts';
import { readPublicKey, removeSecrets, replaceKey } from '../../src/system/client/store/secrets.ts';
import { GATEWAY, INSTANCE, makeCredentials, NAME, Scene, SETTINGS } from './scene.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as secrets are kept only in directories of root';
const OPTIONS = { concurrency: true, timeout: 60_000, skip };
const UP = `up ${SETTINGS.publicKey} 192.0.2.1`;

const refusalOf = (reply: object) => ('refused' in reply ? reply.refused : 'nothing');

describe('a ticket', OPTIONS, () => {
  test('has the key of the tunnel, and proves to a gateway that it has the lease', async () => {
    const scene = await Scene.create();
    const { key, line } = await scene.ticket();
    assert.equal(key, readPublicKey(NAME, scene.places.secrets));
    const { id, nonce = '', proof = '' } = parseThirdLine(line) ?? {};
    assert.equal(id, scene.credentials.id);
    assert.ok(isProofOf(scene.credentials.secret, proof, { name: 'members', key, nonce }));
    assert.deepEqual(scene.effects, []);
  });

  test('has another nonce each time', async () => {
    const scene = await Scene.create();
    const lines = new Set<string>();
    for (let count = 0; count < 50; count++) lines.add((await scene.ticket()).line);
    assert.equal(lines.size, 50);
  });

  test('is refused without root’s file, and without credentials', async () => {
    const [one, other] = [await Scene.create(), await Scene.create()];
    removeInstance(NAME, one.places.instances);
    await assert.rejects(one.ticket(), /^Error: Cannot read .+members\.toml: no such file or directory$/);
    removeSecrets(NAME, other.places.secrets);
    await assert.rejects(other.ticket(), /^Error: Cannot read .+credentials: there is none; set the tunnel up/);
    assert.deepEqual(
      one.reports.map(({ event }) => event),
      ['failed'],
    );
  });
});

describe('a reply of a gateway', OPTIONS, () => {
  test('brings the tunnel up, and is remembered', async () => {
    const scene = await Scene.create();
    const { look } = (await scene.up(scene.answer(await scene.ticket()))) as Extract<ReplyOf<'up'>, { look: unknown }>;
    assert.deepEqual(look, {
      isUp: true,
      handshake: 0,
      received: 0,
      sent: 0,
      gateway: GATEWAY,
      via: 'udp',
      expires: SETTINGS.expires,
      relay: SETTINGS.relay,
      addresses: ['10.66.0.2', 'fd66::2'],
    });
    assert.deepEqual(scene.effects, [UP]);
    const { config, endpoint } = readAccepted(NAME, scene.places.secrets) ?? {};
    assert.equal(config, buildTunnelConfig(SETTINGS));
    assert.deepEqual(endpoint, { address: '192.0.2.1', port: 51_820 });
  });

  test('without an end date is as good', async () => {
    const scene = await Scene.create();
    const settings = { ...SETTINGS, expires: undefined };
    const reply = await scene.up(scene.answer(await scene.ticket(), { settings }));
    assert.equal(refusalOf(reply), 'nothing');
    assert.equal('look' in reply && 'expires' in reply.look, false);
  });

  test('through a relay goes to this machine', async () => {
    const scene = await Scene.create();
    const request = { via: 'tcp', endpoint: { address: parseIpAddress('127.0.0.1'), port: 4000 } } as const;
    await scene.up(scene.answer(await scene.ticket(), { request }));
    assert.deepEqual(scene.effects, [`up ${SETTINGS.publicKey} 127.0.0.1`]);
  });

  test('that does not come through is no reason to take the tunnel down', async () => {
    const scene = await Scene.create();
    await scene.up(scene.answer(await scene.ticket()));
    await scene.up({ ...scene.answer(await scene.ticket()), proof: 'A'.repeat(43) });
    assert.deepEqual(scene.effects, [UP]);
    assert.equal(scene.isUp, true);
  });
});

/** Each is what a captured wgkex-join, or a hostile gateway, may try after a ticket. */
type Attack = (scene: Scene) => Promise<RequestOf<'up'>>;
const tampered =
  (change: Parameters<Scene['answer']>[1]): Attack =>
  async (scene) =>
    scene.answer(await scene.ticket(), change);
const to = (address: string, via: 'udp' | 'tcp' = 'udp') =>
  tampered({ request: { via, endpoint: { address: parseIpAddress(address), port: 51_820 } } });

const ATTACKS: readonly (readonly [name: string, attack: Attack, reason: RegExp])[] = [
  ['without a ticket', async (scene) => scene.answer(await scene.ticket(scene.open())), /no ticket is open/],
  [
    'to the ticket before the latest one',
    async (scene) => {
      const former = await scene.ticket();
      await scene.ticket();
      return scene.answer(former);
    },
    /its proof is wrong/,
  ],
  [
    'to a ticket of another process',
    async (scene) => {
      const ticket = await scene.ticket(scene.open());
      await scene.ticket();
      return scene.answer(ticket);
    },
    /its proof is wrong/,
  ],
  ['of a gateway that does not know the lease', tampered({ secret: makeCredentials().secret }), /its proof is wrong/],
  [
    'for another configuration',
    async (scene) => {
      const ticket = await scene.ticket();
      const { config } = scene.answer(ticket, { settings: { ...SETTINGS, allowedIps: ['10.99.0.0/16'] } });
      return { ...scene.answer(ticket), config };
    },
    /its proof is wrong/,
  ],
  ['that is not base64', tampered({ line: 'PostUp = rm -rf /' }), /expected a configuration of a lease/],
  ['with spare bits in its base64', tampered({ line: 'AAB=' }), /expected a configuration of a lease/],
  [
    'with PostUp',
    tampered({ text: buildTunnelConfig(SETTINGS).replace('[Peer]', 'PostUp = id\n[Peer]') }),
    /^Cannot use the gateway's configuration: .*PostUp/,
  ],
  ['with a private key', tampered({ text: `PrivateKey = ${SETTINGS.publicKey}\n` }), /^Cannot use the gateway's/],
  [
    'with a default route that root does not permit',
    tampered({ settings: { ...SETTINGS, allowedIps: ['0.0.0.0/0'] } }),
    /0\.0\.0\.0\/0/,
  ],
  [
    'with a route over a connected network',
    async (scene) => {
      scene.networks = [{ network: '10.66.0.0/24', device: 'eth0' }];
      return scene.answer(await scene.ticket());
    },
    /10\.66\.0\.0\/24.*eth0/,
  ],
  [
    'of a gateway that root’s file does not name',
    tampered({ request: { gateway: 'evil.example:10012' } }),
    /^Cannot use gateway "evil\.example:10012": root's file does not name it$/,
  ],
  ['that names its gateway in other words', tampered({ request: { gateway: 'gw1.example.org' } }), /does not name it/],
  ['that goes to this machine without a relay', to('127.0.0.1'), /^Cannot send to 127\.0\.0\.1: it is loopback/],
  ['that goes through a relay elsewhere', to('192.0.2.1', 'tcp'), /relay's client listens on 127\.0\.0\.1/],
  [
    'after the key was replaced',
    async (scene) => {
      const request = scene.answer(await scene.ticket());
      await replaceKey(NAME, scene.places.secrets);
      return request;
    },
    /key of this tunnel was replaced after its ticket/,
  ],
  [
    'after root’s file was changed',
    async (scene) => {
      const request = scene.answer(await scene.ticket());
      writeInstance({ ...INSTANCE, overTcp: 'always' }, scene.places.instances);
      return request;
    },
    /^Cannot send by UDP: over_tcp is "always" in root's file$/,
  ],
];

describe('a reply is refused, logged and without effect', OPTIONS, () => {
  for (const [name, attack, reason] of ATTACKS)
    test(name, async () => {
      const scene = await Scene.create();
      const request = await attack(scene);
      const before = scene.reports.length;
      const said = refusalOf(await scene.up(request));
      assert.match(String(said), reason);
      assert.deepEqual(scene.reports.slice(before), [
        { event: 'configuration refused', fields: { on: request.gateway, reason: said } },
      ]);
      assert.deepEqual(scene.effects, []);
      assert.equal(readAccepted(NAME, scene.places.secrets), undefined);
    });

  test('if it comes twice', async () => {
    const scene = await Scene.create();
    const request = scene.answer(await scene.ticket());
    assert.equal(refusalOf(await scene.up(request)), 'nothing');
    assert.match(String(refusalOf(await scene.up(request))), /no ticket is open, as each is good for one reply/);
    assert.deepEqual(scene.effects, [UP]);
  });

  test('after a wrong one to the same ticket, too', async () => {
    const scene = await Scene.create();
    const request = scene.answer(await scene.ticket());
    await scene.up({ ...request, proof: 'A'.repeat(43) });
    assert.match(String(refusalOf(await scene.up(request))), /no ticket is open/);
    assert.deepEqual(scene.effects, []);
  });
});

describe('a fault of the machine', OPTIONS, () => {
  const FAULT = new Error('Cannot run ip link: exit status 2');

  test('leaves nothing of a tunnel that was not up', async () => {
    const scene = await Scene.create();
    scene.fault = FAULT;
    const reply = await scene.up(scene.answer(await scene.ticket()));
    assert.equal(refusalOf(reply), FAULT.message);
    assert.deepEqual(scene.effects, [UP, 'down']);
    assert.deepEqual(scene.reports, [{ event: 'failed', fields: { what: 'up', reason: FAULT.message } }]);
    assert.equal(readAccepted(NAME, scene.places.secrets), undefined);
  });

  test('leaves a tunnel that was up to the next reply', async () => {
    const scene = await Scene.create();
    await scene.up(scene.answer(await scene.ticket()));
    scene.fault = FAULT;
    await scene.up(scene.answer(await scene.ticket()));
    assert.deepEqual(scene.effects, [UP, UP]);
    scene.fault = undefined;
    assert.equal(refusalOf(await scene.up(scene.answer(await scene.ticket()))), 'nothing');
  });

  test('that the machine explains in one line is a refusal', async () => {
    const scene = await Scene.create();
    scene.fault = new InputError('Cannot use wg-members: it is somebody else’s');
    await scene.up(scene.answer(await scene.ticket()));
    assert.deepEqual(
      scene.reports.map(({ event }) => event),
      ['configuration refused'],
    );
  });
});

describe('a look', OPTIONS, () => {
  test('before the first reply says that there is nothing', async () => {
    const scene = await Scene.create();
    assert.deepEqual(await scene.service.serve({ type: 'look', id: 7 }), {
      type: 'look',
      id: 7,
      look: { isUp: false, handshake: 0, received: 0, sent: 0, addresses: [] },
    });
  });

  test('after the tunnel went down still says whose configuration it had', async () => {
    const scene = await Scene.create();
    await scene.up(scene.answer(await scene.ticket()));
    await scene.service.serve({ type: 'down', id: 8 });
    const reply = (await scene.service.serve({ type: 'look', id: 9 })) as Extract<ReplyOf<'look'>, { look: unknown }>;
    assert.equal(reply.look.isUp, false);
    assert.equal(reply.look.gateway, GATEWAY);
    assert.equal(reply.look.expires, SETTINGS.expires);
  });

  test('at a damaged file is refused, and the next reply repairs it', async () => {
    const scene = await Scene.create();
    await scene.up(scene.answer(await scene.ticket()));
    const accepted = readAccepted(NAME, scene.places.secrets);
    assert.ok(accepted);
    writeAccepted(NAME, { ...accepted, config: 'PostUp = id\n' }, scene.places.secrets);
    assert.match(String(refusalOf(await scene.service.serve({ type: 'look', id: 9 }))), /configuration/);
    assert.equal(refusalOf(await scene.up(scene.answer(await scene.ticket()))), 'nothing');
    assert.equal(refusalOf(await scene.service.serve({ type: 'look', id: 10 })), 'nothing');
  });
});

describe('two processes for one tunnel', OPTIONS, () => {
  test('do not mix their effects', async () => {
    const scene = await Scene.create();
    const other = scene.open();
    const [first, second] = [scene.answer(await scene.ticket()), scene.answer(await scene.ticket(other))];
    let inside = 0;
    let most = 0;
    scene.onBringUp = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 100));
      inside--;
    };
    const replies = await Promise.all([scene.up(first), scene.up(second, other), other.serve({ type: 'down', id: 1 })]);
    assert.deepEqual(replies.map(refusalOf), ['nothing', 'nothing', 'nothing']);
    assert.equal(most, 1);
    assert.equal(scene.effects.length, 3);
  });
});

test('taking down a tunnel that is not up still removes what was left behind, and logs nothing', { skip }, async () => {
  const scene = await Scene.create();
  assert.deepEqual(await scene.service.serve({ type: 'down', id: 3 }), { type: 'down', id: 3 });
  assert.deepEqual(scene.effects, ['down']);
  assert.deepEqual(scene.reports, []);
});
