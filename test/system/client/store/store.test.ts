import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Instance, InstanceName } from '../../../../src/core/client/instance.ts';
import type { LeaseId, Secret } from '../../../../src/core/leases/lease.ts';
import type { IpAddress } from '../../../../src/core/values/ip-address.ts';
import { type Accepted, readAccepted, writeAccepted } from '../../../../src/system/client/store/accepted.ts';
import { holdForGood, holdTunnel } from '../../../../src/system/client/store/hold.ts';
import {
  listInstances,
  readInstance,
  removeInstance,
  writeInstance,
} from '../../../../src/system/client/store/instances.ts';
import {
  makeKey,
  readCredentials,
  readPrivateKey,
  readPublicKey,
  removeSecrets,
  replaceKey,
  writeCredentials,
} from '../../../../src/system/client/store/secrets.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as secrets are kept only in directories of root';
const base = mkdtempSync(join(tmpdir(), 'wgkex-client-'));
after(() => rmSync(base, { recursive: true }));

const NAME = 'members' as InstanceName;
const OTHER = 'admins' as InstanceName;
const CREDENTIALS = { id: 'abcdefgh' as LeaseId, secret: 'ab'.repeat(32) as Secret };
const INSTANCE: Instance = {
  name: NAME,
  gateways: [{ host: 'gw1.example.org', port: 10_012 }],
  domain: 'members',
  traffic: 'routes',
  overTcp: 'auto',
  sample: 3,
};
const ACCEPTED: Accepted = {
  gateway: 'gw1.example.org:10012',
  via: 'udp',
  endpoint: { address: '192.0.2.1' as IpAddress, port: 51_820 },
  config: '[Interface]\n',
  at: 1_790_000_000,
};

const makePlace = () => mkdtempSync(join(base, 'place-'));
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('root’s file for a tunnel', { skip }, () => {
  test('is read as it was written, and readable by all', () => {
    const place = join(makePlace(), 'etc');
    writeInstance(INSTANCE, place);
    assert.deepEqual(readInstance(NAME, place), INSTANCE);
    assert.equal(modeOf(join(place, 'members.toml')), '644');
  });

  test('is not read if somebody else can write to it', () => {
    const place = makePlace();
    writeInstance(INSTANCE, place);
    chmodSync(join(place, 'members.toml'), 0o666);
    assert.throws(() => readInstance(NAME, place), /^InputError: Cannot trust .+ other than root may write to it/);
  });

  test('is named by a complaint about it', () => {
    const place = makePlace();
    writeFileSync(join(place, 'members.toml'), 'gateways = 7\n', { mode: 0o644 });
    assert.throws(() => readInstance(NAME, place), { name: 'InputError', message: /members\.toml/ });
  });

  test('is gone once removed, and may be missing then', () => {
    const place = makePlace();
    writeInstance(INSTANCE, place);
    removeInstance(NAME, place);
    removeInstance(NAME, place);
    assert.throws(() => readInstance(NAME, place), /no such file or directory/);
  });

  test('is listed by its name; other files and directories are left out', () => {
    const place = makePlace();
    assert.deepEqual(listInstances(join(place, 'missing')), []);
    for (const name of [NAME, OTHER]) writeInstance({ ...INSTANCE, name }, place);
    for (const file of ['members.toml.new', 'UPPER.toml', '.toml', 'status.toml', 'README'])
      writeFileSync(join(place, file), '');
    assert.deepEqual(listInstances(place), [OTHER, NAME]);
  });
});

describe('the secrets of a tunnel', { skip }, () => {
  test('are readable by root alone', async () => {
    const place = join(makePlace(), 'wgkex-client');
    writeCredentials(NAME, CREDENTIALS, place);
    await makeKey(NAME, place);
    writeAccepted(NAME, ACCEPTED, place);
    assert.equal(modeOf(place), '755');
    assert.equal(modeOf(join(place, NAME)), '700');
    for (const file of ['credentials', 'private-key', 'accepted.json'])
      assert.equal(modeOf(join(place, NAME, file)), '600');
  });

  test('become private again in a directory that others could read', () => {
    const place = makePlace();
    mkdirSync(join(place, NAME), { mode: 0o755 });
    writeCredentials(NAME, CREDENTIALS, place);
    assert.equal(modeOf(join(place, NAME)), '700');
  });

  test('are not written where others may write', () => {
    const place = makePlace();
    chmodSync(place, 0o777);
    assert.throws(() => writeCredentials(NAME, CREDENTIALS, place), /^InputError: Cannot trust/);
    assert.equal(existsSync(join(place, NAME)), false);
  });

  test('are read as they were written, apart from those of another tunnel', () => {
    const place = makePlace();
    const other = { id: 'zzzzzzzz' as LeaseId, secret: 'cd'.repeat(32) as Secret };
    writeCredentials(NAME, CREDENTIALS, place);
    writeCredentials(OTHER, other, place);
    assert.deepEqual(readCredentials(NAME, place), CREDENTIALS);
    assert.deepEqual(readCredentials(OTHER, place), other);
  });

  test('do not stand in the error if they are damaged', () => {
    const place = makePlace();
    writeCredentials(NAME, CREDENTIALS, place);
    writeFileSync(join(place, NAME, 'credentials'), '{"id":"abcdefgh","secret":"short"}');
    assert.throws(() => readCredentials(NAME, place), {
      message: `Cannot read ${place}/members/credentials: unexpected secret`,
    });
    writeFileSync(join(place, NAME, 'private-key'), 'c2VjcmV0\n');
    assert.throws(() => readPrivateKey(NAME, place), {
      message: `Cannot read the private key in ${place}/members/private-key: expected 32 bytes in base64`,
    });
  });

  test('that are missing say how to get them', () => {
    const place = makePlace();
    const hint = /^InputError: Cannot read .+: there is none; set the tunnel up with wgkex-join$/;
    assert.throws(() => readCredentials(NAME, place), hint);
    assert.throws(() => readPrivateKey(NAME, place), hint);
    assert.equal(readAccepted(NAME, place), undefined);
  });

  test('are gone with their directory, and may be missing then', () => {
    const place = makePlace();
    writeCredentials(NAME, CREDENTIALS, place);
    writeCredentials(OTHER, CREDENTIALS, place);
    removeSecrets(NAME, place);
    removeSecrets(NAME, place);
    assert.equal(existsSync(join(place, NAME)), false);
    assert.deepEqual(readCredentials(OTHER, place), CREDENTIALS);
  });
});

describe('the key pair of a tunnel', { skip }, () => {
  test('is made once and then kept, and is one of wg’s', async () => {
    const place = makePlace();
    const key = await makeKey(NAME, place);
    assert.equal(await makeKey(NAME, place), key);
    assert.equal(readPublicKey(NAME, place), key);
    const input = readFileSync(join(place, NAME, 'private-key'));
    assert.equal(execFileSync('wg', ['pubkey'], { input, encoding: 'utf8' }), `${key}\n`);
  });

  test('that is damaged is not replaced silently', async () => {
    const place = makePlace();
    await makeKey(NAME, place);
    writeFileSync(join(place, NAME, 'private-key'), '');
    await assert.rejects(makeKey(NAME, place), /^InputError: Cannot read the private key in /);
  });

  test('is another one after it was replaced', async () => {
    const place = makePlace();
    const former = await makeKey(NAME, place);
    const key = await replaceKey(NAME, place);
    assert.notEqual(key, former);
    assert.equal(readPublicKey(NAME, place), key);
  });
});

describe('the accepted configuration', { skip }, () => {
  test('is read as it was written', () => {
    const place = makePlace();
    writeAccepted(NAME, ACCEPTED, place);
    assert.deepEqual(readAccepted(NAME, place), ACCEPTED);
  });

  test('that is damaged is named', () => {
    const place = makePlace();
    writeAccepted(NAME, ACCEPTED, place);
    writeFileSync(join(place, NAME, 'accepted.json'), JSON.stringify({ ...ACCEPTED, endpoint: { address: 'x' } }));
    assert.throws(() => readAccepted(NAME, place), /accepted\.json: unexpected endpoint/);
  });
});

describe('the lock of a tunnel', { skip }, () => {
  const hasLock = (place: string) => existsSync(join(place, 'wg-members.lock'));

  test('stays after a change, and goes with the tunnel', async () => {
    const place = makePlace();
    assert.equal(await holdTunnel(NAME, place, async () => hasLock(place)), true);
    assert.equal(hasLock(place), true);
    await holdForGood(NAME, place, async () => assert.equal(hasLock(place), true));
    assert.equal(hasLock(place), false);
  });

  test('stays if the tunnel does, and is free', async () => {
    const place = makePlace();
    const failing = async () => assert.fail('the kernel is busy');
    await assert.rejects(holdForGood(NAME, place, failing), /the kernel is busy/);
    assert.equal(hasLock(place), true);
    await holdTunnel(NAME, place, async () => {});
  });
});
