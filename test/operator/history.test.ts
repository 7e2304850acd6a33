import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { exchange } from '../../lab/client.ts';
import { attempt } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { connect, look, makeKeyPair } from '../../lab/operator.ts';

const STALE_AFTER_SECONDS = 3600;
const [FIRST, SECOND, PENDING] = ['first', 'second', 'pending'].map((name) => makeKeyPair(`history: ${name}`)) as [
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
];

let gateway: Gateway;
let path: string;
const settings = (page = {}) => ({ cleanup: { stale_after_seconds: STALE_AFTER_SECONDS }, page });

before(async () => {
  gateway = await Gateway.create(85, [{ name: 'ffww01' }, { name: 'ffmuc_welt' }]);
  await gateway.configure(settings());
  await gateway.start();
  path = `/var/lib/wgkex/${gateway.namespace}/ffww01.history.json`;
});
after(() => gateway.close());

describe('the passes of the cleanup', () => {
  test('count a router once when it joins, however often it registers', async () => {
    await register(FIRST, PENDING);
    await connect(gateway, FIRST);
    await sweep();
    assert.deepEqual(await readSums(), { alive: 1, joined: 1 });
    await register(FIRST);
    await connect(gateway, FIRST);
    await register(SECOND);
    await connect(gateway, SECOND);
    await sweep();
    assert.deepEqual(await readSums(), { alive: 2, joined: 2 });
    await sweep();
    assert.deepEqual(await readSums(), { alive: 2, joined: 2 });
  });

  test('count it again when it was away for longer than a key is stale', async () => {
    const { claims, pass } = await gateway.unlocked().then(readClaims);
    const { [FIRST.publicKey]: first } = claims;
    const last = first.last - STALE_AFTER_SECONDS - 100;
    await writeClaims({ version: 1, pass, claims: { ...claims, [FIRST.publicKey]: { ...first, last } } });
    await sweep();
    assert.deepEqual(await readSums(), { alive: 2, joined: 3 });
  });

  test('keep only numbers, in a file of root’s', async () => {
    assert.match(
      await readFile(path, 'utf8'),
      /^\{"version":1,"slots":\[(,?\{"since":\d+,"alive":\d+,"joined":\d+\})+\]\}\n$/,
    );
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  test('leave it as it is in a dry run', async () => {
    const before = await readFile(path, 'utf8');
    await gateway.run('/usr/lib/wgkex/wgkex-cleanup', '--dry-run', 'ffww01');
    assert.equal(await readFile(path, 'utf8'), before);
  });
});

describe('the page', () => {
  test('goes to standard output, with the history, the title and the link', async () => {
    await gateway.configure(settings({ title: 'Freifunk & Freunde', link: 'https://freifunk.example/' }));
    const { exitCode, stdout, stderr } = await look(gateway, ['status', '--html', '-']);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^<!DOCTYPE html>[\s\S]*<h1>Freifunk &amp; Freunde<\/h1>[\s\S]*<\/html>$/);
    assert.match(stdout, /<a href="https:\/\/freifunk\.example\/"/);
    assert.match(stdout, /<title>Routers that joined: 3 in the last day, 3 in the last week<\/title>/);
    assert.match(stdout, /<title>Routers alive in the last day: 2 to 2<\/title>/);
    assert.match(stdout, /There is no history yet\./, 'of the other domain');
  });

  const WRONG = [
    [{ title: '' }, 'page.title: expected a text of 1 to 80 characters on one line, found ""'],
    [{ title: 'a\nb' }, 'page.title: expected a text of 1 to 80 characters on one line, found "a\\nb"'],
    [
      { link: 'javascript:alert(1)' },
      'page.link: expected an address such as "https://freifunk.example/", found "javascript:alert(1)"',
    ],
    [{ link: 'https://' }, 'page.link: expected an address such as "https://freifunk.example/", found "https://"'],
  ] as const;
  for (const [page, message] of WRONG) {
    test(`is not made with ${JSON.stringify(page)}`, async () => {
      await gateway.configure(settings(page));
      const { exitCode, stdout, stderr } = await look(gateway, ['status', '--html', '-']);
      assert.deepEqual([exitCode, stdout, stderr], [78, '', `wgkex: /etc/wgkex/wgkex.toml: ${message}`]);
      await gateway.configure(settings());
    });
  }
});

describe('a damaged history', () => {
  const reason = () => `Cannot read the history in ${path}: not JSON`;

  test('is named by the page, which does without', async () => {
    await writeFile(path, '{"version":1,');
    const { exitCode, stdout, stderr } = await look(gateway, ['status', '--html', '-']);
    assert.deepEqual([exitCode, stderr], [0, `wgkex: ${reason()}`]);
    assert.match(stdout, /Its history could not be read\./);
  });

  test('is named in one line by the next pass, and begins again', async () => {
    const { exitCode, stderr } = await gateway.cleanUp('ffww01');
    assert.equal(exitCode, 0);
    const lines = stderr.split('\n').filter((line) => line.includes('history'));
    assert.equal(lines.length, 1);
    const { level, msg, domain, reason: given } = JSON.parse(lines[0] ?? '');
    assert.deepEqual([level, msg, domain, given], [40, 'history not kept', 'ffww01', `${reason()}; it begins again`]);
    assert.deepEqual(await readSums(), { alive: 2, joined: 0 });
  });

  test('that cannot be written costs no pass, and leaves nothing behind', async () => {
    await gateway.run('rm', path);
    await gateway.run('mkdir', '-p', `${path}/taken`);
    const { exitCode, stderr } = await gateway.cleanUp('ffww01');
    assert.equal(exitCode, 0);
    assert.match(stderr, /"history not kept"/);
    assert.match(stderr, /"cleanup finished"/);
    await gateway.run('rm', '-r', path);
    const left = (await readdir(`/var/lib/wgkex/${gateway.namespace}`)).filter((name) => name.endsWith('.new'));
    assert.deepEqual(left, []);
  });
});

test('a reader that goes away does not make the page fail', async () => {
  const script = 'wgkex status --html - | head --lines=1';
  const { exitCode, stdout, stderr } = await attempt(gateway.namespace, 'sh', ['-c', script]);
  assert.deepEqual([exitCode, stdout, stderr], [0, '<!DOCTYPE html>', '']);
});

async function register(...routers: readonly { publicKey: string }[]): Promise<void> {
  for (const { publicKey } of routers) assert.equal(await exchange(gateway.address, 'ffww01', publicKey), 'OK\n');
}

async function sweep(): Promise<void> {
  assert.equal((await gateway.cleanUp('ffww01')).exitCode, 0);
}

/** Of all slots: a test may run across the border of two. */
async function readSums(): Promise<{ alive: number; joined: number }> {
  const { slots } = JSON.parse(await readFile(path, 'utf8'));
  const joined = slots.reduce((sum: number, slot: { joined: number }) => sum + slot.joined, 0);
  return { alive: slots.at(-1).alive, joined };
}

function findClaims(): string {
  return path.replace('.history.', '.claims.');
}

async function readClaims() {
  return JSON.parse(await readFile(findClaims(), 'utf8'));
}

async function writeClaims(document: object): Promise<void> {
  await writeFile(findClaims(), JSON.stringify(document));
}
