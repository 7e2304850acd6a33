import assert from 'node:assert/strict';
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { Gateway } from '../../lab/gateway.ts';
import { giveOperators, giveUnrecorded } from '../../lab/holdings.ts';
import { look, lookUp } from '../../lab/operator.ts';
import { forgetAll, readRegistrations } from '../../lab/record.ts';

let gateway: Gateway;
let directory: string;

before(async () => {
  gateway = await Gateway.create(87, [{ name: 'ffww01', settings: { route: true } }]);
  directory = `/etc/netns/${gateway.namespace}`;
  await mkdir(`${directory}/wireguard`);
  await gateway.configure({ limits: { exempt: [`${gateway.segment.ipv4('0.2')}/32`] } });
  await gateway.start();
});
after(() => gateway.close());
beforeEach(async () => {
  await gateway.configure();
  await rm(`${directory}/wgkex/disallowed_keys`, { force: true });
  await forgetAll(gateway, 'ffww01');
  for (const { key } of await gateway.peers())
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'remove');
  await gateway.unlocked();
  assert.equal((await gateway.cleanUp()).exitCode, 0);
});

describe('wgkex status', () => {
  test('names a disallowed key of a router, and never one of the operator’s', async () => {
    const [router, backbone] = [await register(), makeKey()];
    await giveUnrecorded(gateway, [backbone]);
    await writeFile(`${directory}/wgkex/disallowed_keys`, `${router}\n${backbone}\n`);
    const faults = await findFaults();
    assert.deepEqual(faults, [
      { code: 'disallowed-peer', problem: 'a disallowed key is a peer', remedy: `wgkex remove ffww01 ${router}` },
    ]);
    const { exitCode, stdout, stderr } = await look(gateway, ['block', backbone]);
    assert.equal(exitCode, 1);
    assert.ok(!`${stdout}${stderr}`.includes('wg set'), 'no command to remove it');
  });

  test('names peers whose keys were taken off the list of allowed keys', async () => {
    await register();
    const file = `${directory}/wgkex/allowed`;
    await writeFile(file, `${makeKey()}\n`);
    await gateway.configure({}, { allowed_keys: '/etc/wgkex/allowed' });
    const problem = '1 peer has a key that /etc/wgkex/allowed does not list; the cleanup removes them';
    assert.deepEqual(await findFaults(), [{ code: 'unlisted-peers', problem, remedy: null }]);
  });

  test('names a configured list that is missing, and the consequence', async () => {
    await gateway.configure({ static_keys: '/etc/wgkex/nowhere' });
    const { document } = await lookUp(gateway, ['status']);
    const problem =
      'Cannot read /etc/wgkex/nowhere: there is no such file; new keys get FAILED, and the cleanup removes nobody';
    assert.deepEqual(document.attention, [{ code: 'key-list', problem, remedy: null }]);
    assert.match((await look(gateway, ['check'])).stdout, /Cannot read \/etc\/wgkex\/nowhere: there is no such file/);
  });

  test('names a record that cannot be read, which makes all routers get FAILED', async () => {
    const record = gateway.recordFile();
    await rm(record, { force: true });
    await mkdir(record);
    const faults = await findFaults();
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'ERR: FAILED\n');
    const { stdout } = await look(gateway, ['show', makeKey()]);
    await rmdir(record);
    assert.match(faults[0]?.problem ?? '', /^Cannot read \S+\.record: .*; all routers get FAILED/);
    assert.match(stdout, /the record of peers cannot be read or written \(see wgkex check\): FAILED/);
  });
});

test('wgkex check names a registered key that a file also sets up, and the command that releases it', async () => {
  const [router, other] = [await register(), await register()];
  const text = (key: string, setting = '') => `[Interface]\n${setting}\n[Peer]\nPublicKey = ${key}\n`;
  await writeFile(`${directory}/wireguard/backbone.conf`, text(router));
  await writeFile(`${directory}/wireguard/saved.conf`, text(other, 'SaveConfig = true'));
  const { document } = await lookUp(gateway, ['check']);
  const { findings } = document.checks.find(({ check }: { check: string }) => check === 'ownership');
  const problem =
    '/etc/wireguard/backbone.conf sets up a peer whose key is registered: wgkex treats it as a router’s'.replace(
      '’',
      "'",
    );
  const remedy = `wgkex release ffww01 ${router}`;
  assert.deepEqual(findings, [{ domain: 'ffww01', code: 'key-in-peer-file', problem, remedy }]);
  assert.equal((await look(gateway, remedy.split(' ').slice(1))).exitCode, 0);
  const again = await lookUp(gateway, ['check']);
  const sound = again.document.checks.find(({ check }: { check: string }) => check === 'ownership');
  assert.equal(sound.state, 'ok');
});

describe('an upgrade', () => {
  const upgrade = (version: string) => gateway.run('/usr/lib/wgkex/leave-notes', version);
  const runtime = () => readdir(`/run/wgkex/${gateway.namespace}`);

  test('from 0.1 takes over its peers, but none that were set up by hand', async () => {
    const [living, odd] = [makeKey(), makeKey()];
    await giveUnrecorded(gateway, [living]);
    await giveOperators(gateway, odd);
    assert.equal(await exchange(gateway.address, 'ffww01', living), 'ERR: PROHIBITED_WGKEY\n', 'no record has it');
    await rm(gateway.recordFile());
    await upgrade('0.1.0-1');
    assert.ok((await runtime()).includes('ffww01.adopt'));
    assert.equal(await exchange(gateway.address, 'ffww01', living), 'OK\n');
    assert.equal(await exchange(gateway.address, 'ffww01', odd), 'ERR: PROHIBITED_WGKEY\n');
    assert.deepEqual([...(await readRegistrations(gateway)).keys()], [living]);
    assert.ok(!(await runtime()).includes('ffww01.adopt'));
  });

  test('from 0.1 leaves a note for each domain, and for nothing else', async () => {
    await gateway.run('touch', gateway.stateFile().replace(/json$/, 'activity.json'), gateway.stateFile('ffmuc'));
    await upgrade('0.1.0~rc1');
    const notes = (await runtime()).filter((name) => name.endsWith('.adopt'));
    assert.deepEqual(notes.sort(), ['ffmuc.adopt', 'ffww01.adopt']);
    await gateway.cleanUp();
  });

  test('from 0.2 leaves no note', async () => {
    await upgrade('0.2.0');
    assert.ok(!(await runtime()).includes('ffww01.adopt'));
  });
});

async function findFaults(): Promise<{ readonly problem: string; readonly remedy: string | null }[]> {
  return (await lookUp(gateway, ['status'])).document.domains[0].attention;
}

async function register(): Promise<string> {
  const key = makeKey();
  assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
  await gateway.unlocked();
  return key;
}
