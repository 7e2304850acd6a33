import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { attempt, type Outcome } from '../../lab/commands.ts';
import { IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { MEMBERS } from '../../lab/leases.ts';
import { parseCredentials } from '../../src/core/leases/credentials.ts';
import { deriveSecret } from '../../src/core/leases/proof.ts';
import { MemberScene } from './member-scene.ts';

const skip = IS_ROOT_ALONE ? 'SKIPPED: needs a second user' : false;
/** By which `wgkex` changes files, and starts flock and sqlite3; each is a moment to die at. */
const EFFECTS = ['fchmod', 'fsync', 'link', 'unlink', 'rename', 'clone', 'clone3', 'vfork'];
const THREAD = 'CLONE_THREAD';

describe('after a kill between any two effects and one pass of the cleanup,', { skip }, () => {
  test('there is neither lease nor letter, or a lease and one letter with its token', async (t) => {
    const scene = await MemberScene.create(t, 221);
    const order = (name: string) => ['grant', MEMBERS, '--email', `${name}@example.org`, '--order', name];
    const seen = new Set<string>();
    await strikeAll(scene, order, async (name, victim) => {
      assert.ok(victim.stdout === '' || victim.exitCode === 0);
      seen.add(await findGrant(scene, name));
      const ticket = await scene.lease(...order(name));
      assert.equal(await findGrant(scene, name), 'granted', 'the shop asks again');
      const letter = scene.readLetters().find(({ to }) => to === `${name}@example.org`);
      assert.ok(letter?.kind === 'grant');
      assert.deepEqual(parseCredentials(ticket), { id: letter.id, token: letter.token });
    });
    assert.deepEqual([...seen].sort(), ['granted', 'not granted']);
  });

  test('an order that is granted again has one lease and one letter with its token', async (t) => {
    const scene = await MemberScene.create(t, 222);
    const order = ['grant', MEMBERS, '--email', 'ada@example.org', '--order', 'A-1'];
    await scene.lease(...order);
    await strikeAll(
      scene,
      () => order,
      async () => assert.equal(await findGrant(scene, 'ada'), 'granted'),
    );
  });

  test('a lease has its old end date and no letter, or the new one and one letter that says so', async (t) => {
    const scene = await MemberScene.create(t, 223);
    const { id } = parseCredentials(await scene.lease('grant', MEMBERS, '--email', 'ada@example.org', '--days', '10'));
    await scene.lease('rotate', id);
    const readEnd = async () => (await scene.listLeases())[0]?.expires;
    let before = await readEnd();
    const seen = new Set<boolean>();
    await strikeAll(
      scene,
      () => ['extend', id, '--days', '10'],
      async () => {
        const after = await readEnd();
        seen.add(after !== before);
        const letters = scene.readLetters().map(({ kind, expires }) => [kind, expires]);
        assert.deepEqual(letters, letters.length === 0 && after === before ? [] : [['extend', after]]);
        before = after;
      },
    );
    assert.deepEqual([...seen].sort(), [false, true]);
  });

  test('the table is the old one or the new one, if a backup was restored', async (t) => {
    const scene = await MemberScene.create(t, 224);
    const backup = `${scene.directory}/backup`;
    await scene.lease('grant', MEMBERS, '--note', 'in the backup');
    await scene.lease('backup', backup);
    const list = async () => (await scene.listLeases()).map(({ note }) => note);
    const seen = new Set<number>();
    const restore = async () => {
      if ((await list()).length === 1) await scene.lease('grant', MEMBERS, '--note', 'since then');
      return ['restore', backup];
    };
    await strikeAll(scene, restore, async () => {
      const notes = await list();
      assert.deepEqual(notes, ['in the backup', 'since then'].slice(0, notes.length));
      seen.add(notes.length);
    });
    assert.deepEqual([...seen].sort(), [1, 2]);
  });
});

/** Whether there is a lease for an address; fails unless there is exactly one letter for it, which has its token. */
async function findGrant(scene: MemberScene, name: string): Promise<'granted' | 'not granted'> {
  const email = `${name}@example.org`;
  const leases = (await scene.listLeases()).filter((lease) => lease.email === email);
  const letters = scene.readLetters().filter(({ to }) => to === email);
  assert.deepEqual([leases.length, letters.length], leases.length === 0 ? [0, 0] : [1, 1]);
  const [[lease], [letter]] = [leases, letters];
  if (lease === undefined || letter === undefined) return 'not granted';
  assert.ok(letter.kind === 'grant');
  assert.deepEqual([letter.id, deriveSecret(letter.token)], [lease.id, lease.secret]);
  return 'granted';
}

/** Runs `wgkex lease` unharmed, and then once for each of its effects, before which it dies; a pass follows. */
async function strikeAll(
  scene: MemberScene,
  build: (name: string) => string[] | Promise<string[]>,
  check: (name: string, victim: Outcome) => Promise<void>,
): Promise<void> {
  const output = `/run/${scene.gateway.namespace}.strace`;
  const trace = ['-qq', '-o', output, '-e', `trace=${EFFECTS}`];
  const run = async (words: readonly string[], name: string) =>
    attempt(scene.gateway.namespace, 'strace', [...words, 'wgkex', 'lease', ...(await build(name))]);
  // The first time there are files to make.
  for (const name of ['first', 'unharmed']) assert.equal((await run(trace, name)).exitCode, 0);
  const moments = listMoments(readFileSync(output, 'utf8'));
  assert.ok(moments.length >= 5, `${moments.length} moments`);
  await scene.pass();
  for (const [index, { call, when }] of moments.entries()) {
    const name = `victim-${index}`;
    const victim = await run([...trace, '-e', `inject=${call}:signal=KILL:when=${when}`], name);
    assert.equal(readFileSync(output, 'utf8').includes('killed by SIGKILL'), true, `nobody died at ${call} ${when}`);
    await scene.gateway.unlocked();
    await scene.pass();
    await check(name, victim);
  }
}

/** The threads of Node are no effects, but count among its calls. */
function listMoments(trace: string): { call: string; when: number }[] {
  const lines = trace.split('\n').filter((line) => /^[a-z0-9]+\(/.test(line));
  const counts = new Map<string, number>();
  return lines.flatMap((line) => {
    const call = line.replace(/\(.*/, '');
    const when = (counts.get(call) ?? 0) + 1;
    counts.set(call, when);
    return line.includes(THREAD) ? [] : [{ call, when }];
  });
}
