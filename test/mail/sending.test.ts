import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { execa } from 'execa';
import { IS_ROOT_ALONE } from '../../lab/gateway.ts';
import type { Token } from '../../src/core/leases/lease.ts';
import { type Letter, nameLetter } from '../../src/core/mail/letter.ts';
import { openSmtp } from '../../src/mail/smtp.ts';
import { clearSent } from '../../src/system/mail/outbox.ts';
import { MailScene, makeReminder, NOTES_DIRECTORY, OUTBOX, PAUSES, post } from './scene.ts';

const skip = IS_ROOT_ALONE ? 'SKIPPED: needs a second user' : false;
const CODE = 'aaaaaaab-abcdefghijklmnopqrstuvwxyz';
const { days: _, ...REMINDER } = makeReminder(1) as Letter & { days: number };
const GRANT: Letter = { ...REMINDER, kind: 'grant', token: 'abcdefghijklmnopqrstuvwxyz' as Token };

describe('wgkex-mail', { skip }, () => {
  let scene: MailScene;
  before(async () => {
    scene = await MailScene.create();
  });
  afterEach(() => scene.reset());
  after(() => scene.close());

  test('sends each letter once, whatever comes before root removes it', async () => {
    await scene.server.start();
    const names = post(GRANT, makeReminder(2, 'bert'));
    const { status, events } = await scene.send();
    assert.deepEqual([status, events.map(({ msg }) => msg)], [0, ['mail sent', 'mail sent']]);
    assert.deepEqual(readdirSync(NOTES_DIRECTORY).sort(), names.sort());
    assert.deepEqual((await scene.send()).events, []);
    assert.equal(clearSent(OUTBOX, NOTES_DIRECTORY).length, 2);
    assert.deepEqual(readdirSync(OUTBOX), []);
    // A mark in the table that came too late: root writes it again.
    post(makeReminder(2, 'bert'));
    await scene.send();
    assert.deepEqual(scene.server.readHeaders('To'), ['anna@example.org', 'bert@example.org']);
    const [grant = ''] = scene.server.readMails();
    assert.ok(grant.includes(`    ${CODE}\r\n`), grant);
    assert.match(grant, /^From: Freifunk VPN <vpn@example\.org>\r$/m);
    assert.match(grant, /^Auto-Submitted: auto-generated\r$/m);
  });

  test('logs no address and no code, and leaves its notes for root to remove', async () => {
    await scene.server.start();
    const [name = ''] = post(GRANT);
    const { stderr } = await scene.send();
    assert.ok(!stderr.includes('anna') && !stderr.includes('abcdefghijkl'), stderr);
    const { uid } = statSync(join(NOTES_DIRECTORY, name));
    assert.notEqual(uid, 0);
    const asCleanup = ['--bounding-set=-all', '--inh-caps=-all', 'rm', join(NOTES_DIRECTORY, name)];
    await execa('setpriv', asCleanup);
    assert.deepEqual(readdirSync(NOTES_DIRECTORY), []);
  });

  test('loses nothing while the server is down, pauses, and sends all when it is back', async () => {
    post(makeReminder(1), makeReminder(2, 'bert'), makeReminder(3, 'cleo'));
    const first = await scene.send();
    assert.equal(first.status, 0);
    assert.deepEqual(
      first.events.map(({ msg }) => msg),
      ['mail delayed'],
    );
    assert.match(String(first.events[0]?.['reason']), /ECONNREFUSED/);
    await scene.server.start();
    // The pause has not ended.
    assert.deepEqual((await scene.send()).events, []);
    assert.deepEqual([scene.server.readMails().length, readdirSync(OUTBOX).length], [0, 3]);
    letTimePass(60);
    assert.equal((await scene.send()).events.length, 3);
    assert.equal(scene.server.readMails().length, 3);
  });

  test('logs once that the server is down for days', async () => {
    post(makeReminder(1), makeReminder(2));
    const counts: number[] = [];
    for (let day = 0; day < 4; day++) {
      counts.push((await scene.send()).events.length);
      letTimePass(24 * 3600);
    }
    assert.deepEqual(counts, [1, 0, 0, 0]);
  });

  test('waits with all letters while the server takes none', async () => {
    await scene.server.start();
    writeFileSync(join(scene.server.received, 'maintenance'), '');
    post(makeReminder(1), makeReminder(2));
    const { events } = await scene.send();
    assert.deepEqual(
      events.map(({ msg, reason }) => [msg, reason]),
      [['mail delayed', 'the server said 451 4.3.0 down for maintenance']],
    );
  });

  test('sends the others when the server refuses one, and tries that one again later', async () => {
    await scene.server.start();
    const refused = ['refused', 'grey', 'spam'].map((name, index) => makeReminder(index, name));
    post(...refused, makeReminder(7), makeReminder(8, 'bert'));
    const { status, events } = await scene.send();
    assert.equal(status, 0);
    assert.deepEqual(scene.server.readHeaders('To'), ['anna@example.org', 'bert@example.org']);
    const reasons = events.filter(({ msg }) => msg === 'mail refused').map(({ reason }) => reason);
    assert.deepEqual(reasons, [
      'the server said 550 5.1.1 no such user',
      'the server said 450 4.2.0 come back later',
      'the server said 554 5.7.1 looks like spam',
    ]);
    letTimePass(60);
    assert.deepEqual((await scene.send()).events, [], 'the same reasons are not logged again');
    assert.equal(readPauses().letters[nameLetter(makeReminder(0, 'refused'))]?.failures, 2);
  });

  test('is not held up by a file that is not a letter, or another one than its name says', async () => {
    await scene.server.start();
    const [name = ''] = post(makeReminder(1));
    writeFileSync(join(OUTBOX, nameLetter(makeReminder(2))), readFileSync(join(OUTBOX, name)), { mode: 0o640 });
    writeFileSync(join(OUTBOX, nameLetter(makeReminder(3))), '{"half', { mode: 0o640 });
    writeFileSync(join(OUTBOX, 'README'), '');
    const { events } = await scene.send();
    assert.deepEqual(events.map(({ msg }) => msg).sort(), ['mail refused', 'mail refused', 'mail sent']);
    assert.equal(scene.server.readMails().length, 1);
  });

  test('takes a connection that is dropped after the 250 for a success', async () => {
    await scene.server.start();
    post(makeReminder(1, 'dropped'));
    await scene.send();
    scene.endPauses();
    await scene.send();
    assert.equal(scene.server.readMails().length, 1);
    assert.equal(readdirSync(NOTES_DIRECTORY).length, 1);
  });

  test('takes a connection that is cut instead of an answer for a failure, and sends the others the next time', async () => {
    await scene.server.start();
    post(makeReminder(1, 'cut'), makeReminder(2, 'bert'));
    const { status, events } = await scene.send();
    assert.deepEqual([status, events.map(({ msg }) => msg)], [0, ['mail delayed']]);
    letTimePass(60);
    await scene.send();
    assert.deepEqual(scene.server.readHeaders('To'), ['bert@example.org']);
  });

  test('gives up on a server that hangs', async () => {
    await scene.server.start();
    const mail = { ...SETTINGS, port: scene.server.port };
    const message = { ...MESSAGE, to: 'silent@example.org' };
    const carrier = openSmtp('127.0.0.1', mail, {}, { connection: 5, silence: 5, letter: 0.5 });
    await assert.rejects(carrier.send(message), /^Error: no answer for 0\.5 s$/);
  });

  test('that is killed between the 250 and its note sends the letter once more, with the same Message-ID', async () => {
    await scene.server.start();
    const [name = ''] = post(makeReminder(1));
    const inject = ['-f', '-qq', '-o', '/dev/null', '-P', join(NOTES_DIRECTORY, `${name}.new`)];
    inject.push('-e', 'trace=rename', '-e', 'inject=rename:error=EIO:signal=SIGKILL');
    const { status } = await scene.send({ under: ['strace', ...inject] });
    assert.notEqual(status, 0);
    assert.deepEqual([scene.server.readMails().length, existsSync(join(NOTES_DIRECTORY, name))], [1, false]);
    for (let run = 0; run < 2; run++) assert.equal((await scene.send()).status, 0);
    assert.deepEqual(
      scene.server.readHeaders('Message-ID'),
      Array(2).fill(`<${name.replace('.json', '')}@example.org>`),
    );
  });

  test('that is asked to end finishes the letter that is under way', async () => {
    await scene.server.start();
    post(...Array.from({ length: 20 }, (_, number) => makeReminder(number)));
    const sender = scene.startSender();
    const ended = new Promise((resolve) => sender.on('exit', resolve));
    while (scene.server.readMails().length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    sender.kill('SIGTERM');
    assert.equal(await ended, 0);
    const sent = scene.server.readMails().length;
    assert.ok(sent < 20, `${sent}`);
    assert.deepEqual(readdirSync(NOTES_DIRECTORY).length, sent);
  });

  test('sends at most per_hour letters in an hour, grants first, and the others after it', async () => {
    scene.configure('security = "none"\nper_hour = 3');
    await scene.server.start();
    post(...Array.from({ length: 5 }, (_, number) => makeReminder(number + 2)), { ...GRANT, to: 'zoe@example.org' });
    const { events } = await scene.send();
    assert.deepEqual(events.at(-1), { ...events.at(-1), msg: 'mail limit reached', waiting: 3 });
    assert.equal(scene.server.readHeaders('To')[0], 'zoe@example.org');
    await scene.send();
    assert.equal(scene.server.readMails().length, 3);
    letTimePass(3600);
    await scene.send();
    assert.equal(scene.server.readMails().length, 6);
  });

  test('sends nothing while it cannot note it', async () => {
    await scene.server.start();
    post(makeReminder(1));
    const inject = ['-f', '-qq', '-o', '/dev/null', '-P', join(NOTES_DIRECTORY, `${nameLetter(makeReminder(1))}.new`)];
    inject.push('-e', 'trace=openat,open', '-e', 'inject=openat,open:error=ENOSPC');
    const { status, events } = await scene.send({ under: ['strace', ...inject] });
    assert.deepEqual([status, events.map(({ msg }) => msg)], [1, ['mail problem']]);
    assert.equal(scene.server.readMails().length, 0);
  });

  test('encrypts and authenticates, and trusts no certificate that nobody signed', async (t) => {
    const directory = mkdtempSync('/tmp/wgkex-tls-');
    t.after(() => rmSync(directory, { recursive: true }));
    const [certificate, key] = [join(directory, 'crt'), join(directory, 'key')];
    const words = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '2'];
    words.push('-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate);
    await execa('openssl', ['req', ...words]);
    await execa('chmod', ['0755', directory]);
    await scene.server.start(certificate, key);
    const password = join(directory, 'password');
    writeFileSync(password, 'open sesame\n', { mode: 0o640 });
    await execa('chown', ['root:wgkex-mail', password]);
    scene.configure(`username = "vpn"\npassword_file = "${password}"`);
    post(makeReminder(1));
    const { events } = await scene.send();
    assert.match(String(events[0]?.['reason']), /self.signed certificate/);
    letTimePass(60);
    await scene.send({ env: { NODE_EXTRA_CA_CERTS: certificate } });
    assert.equal(scene.server.readMails().length, 1);
    post(makeReminder(2));
    writeFileSync(password, 'wrong\n');
    const wrong = await scene.send({ env: { NODE_EXTRA_CA_CERTS: certificate } });
    assert.match(String(wrong.events[0]?.['reason']), /the server said 535/);
    rmSync(password);
    const missing = await scene.send({ env: { NODE_EXTRA_CA_CERTS: certificate } });
    assert.equal(missing.status, 78);
  });

  test('sends nothing in clear to a server that does not encrypt, unless it may', async () => {
    await scene.server.start();
    scene.configure('security = "starttls"');
    post(makeReminder(1));
    const { events } = await scene.send();
    assert.deepEqual([events.map(({ msg }) => msg), scene.server.readMails().length], [['mail delayed'], 0]);
  });

  test('refuses to run as root, and without its table', async () => {
    const { exitCode, stderr } = await execa('/usr/lib/wgkex/wgkex-mail', { reject: false });
    assert.equal(exitCode, 2);
    assert.match(stderr, /root must not send mails/);
    writeFileSync('/etc/wgkex/wgkex.toml', '');
    const run = await scene.send();
    assert.equal(run.status, 78);
    assert.match(run.stderr, /expected a table \[mail\], found nothing/);
  });

  test('begins again where the file of pauses is damaged', async () => {
    await scene.server.start();
    writeFileSync(PAUSES, '{');
    post(makeReminder(1));
    const { events } = await scene.send();
    assert.deepEqual(
      events.map(({ msg }) => msg),
      ['mail problem', 'mail sent'],
    );
  });
});

const SETTINGS = {
  port: 0,
  security: 'none',
  from: { name: undefined, address: 'vpn@example.org' },
  language: 'en',
  per_hour: 60,
} as const;
const MESSAGE = {
  from: { name: '', address: 'vpn@example.org' },
  to: '',
  subject: '',
  text: '',
  messageId: '<a@example.org>',
  headers: {},
};

function readPauses() {
  return JSON.parse(readFileSync(PAUSES, 'utf8')) as {
    server?: { until: number };
    letters: Record<string, { failures: number; until: number }>;
  };
}

/** Moves all that is noted into the past. */
function letTimePass(seconds: number): void {
  for (const name of readdirSync(NOTES_DIRECTORY)) {
    const path = join(NOTES_DIRECTORY, name);
    const time = statSync(path).mtimeMs / 1000 - seconds;
    utimesSync(path, time, time);
  }
  if (!existsSync(PAUSES)) return;
  const pauses = readPauses();
  for (const pause of [pauses.server, ...Object.values(pauses.letters)]) if (pause) pause.until -= seconds;
  writeFileSync(PAUSES, JSON.stringify(pauses));
}
