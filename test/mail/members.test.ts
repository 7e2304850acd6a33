import assert from 'node:assert/strict';
import { chmodSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { attempt, pause, sh } from '../../lab/commands.ts';
import { IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { claim, describeMember, MEMBERS, readAddresses, readPeers, type Ticket } from '../../lab/leases.ts';
import { Member } from '../../lab/member.ts';
import { look } from '../../lab/operator.ts';
import { parseCredentials } from '../../src/core/leases/credentials.ts';
import { deriveSecret } from '../../src/core/leases/proof.ts';
import { MAIL_STATE_DIRECTORY } from '../../src/core/mail/letter.ts';
import { DAY, MemberScene, readTime, SECOND_LOOK_SECONDS } from './member-scene.ts';
import { NOTES_DIRECTORY, PAUSES } from './scene.ts';

const skip = IS_ROOT_ALONE ? 'SKIPPED: needs a second user' : false;
const PERIOD = 30;

describe('mails to members', { skip }, () => {
  test('from the grant by mail over two reminders to the end of the tunnel, and back by extend', async (t) => {
    const scene = await MemberScene.create(t, 211);
    const { gateway, server } = scene;
    await server.start();
    await gateway.start();

    const printed = await scene.lease('grant', MEMBERS, '--email', 'ada@example.org', '--days', String(PERIOD));
    const { id, token } = parseCredentials(printed);
    const [file = ''] = readdirSync(scene.outbox);
    const { mode, uid } = statSync(join(scene.outbox, file));
    assert.deepEqual([mode & 0o7777, uid], [0o640, 0]);
    assert.equal(await sh('stat', '--format=%G', join(scene.outbox, file)), 'wgkex-mail');
    assert.deepEqual(await findFilesWith(token, scene), [join(scene.outbox, file)]);
    assert.deepEqual(await scene.send(), ['mail sent']);
    await scene.pass();
    assert.deepEqual(await findFilesWith(token, scene), []);
    assert.deepEqual([readdirSync(scene.outbox), readdirSync(NOTES_DIRECTORY)], [[], [file]]);

    const [mail = ''] = server.readMails();
    assert.match(mail, /^To: ada@example\.org\r$/m);
    const ticket = readTicket(mail);
    assert.deepEqual([ticket.id, ticket.token], [id, token]);
    const member = await Member.join(gateway, 1, ticket);
    const [lease] = await scene.listLeases();
    assert.ok(lease?.expires !== undefined);
    const { expires } = lease;

    const subjects = () => server.readHeaders('Subject').slice(1);
    const dates: string[] = [];
    for (const [days, count] of [
      [7.1, 0],
      [7, 1],
      [6, 1],
      [1.1, 1],
      [1, 2],
      [0.1, 2],
    ] as const) {
      for (let turn = 0; turn < 2; turn++) {
        await scene.pass(expires - days * DAY);
        await scene.send();
      }
      // As after a boot.
      rmSync(`/run/wgkex/${gateway.namespace}/members.overdue`, { force: true });
      assert.equal(subjects().length, count, `${days} days before the end`);
      dates.push(...subjects().slice(dates.length));
    }
    await scene.pass(expires - 60);
    assert.deepEqual((await scene.listLeases())[0]?.reminded, [7, 1]);
    for (const date of dates) assert.match(date, /^Your access to members ends on /);
    assert.deepEqual(scene.readLetters(), []);
    assert.equal(await member.ping(), true);

    assert.match(await scene.pass(expires + 1), /"msg":"lease overdue"/);
    assert.equal(await member.ping(), true);
    await pause(SECOND_LOOK_SECONDS * 1000);
    assert.match(await scene.pass(expires + 2), /"msg":"lease expired"/);
    assert.equal(await member.ping(), false);
    assert.deepEqual(await readPeers(gateway), []);
    assert.deepEqual(readdirSync(NOTES_DIRECTORY), [], 'notes end with their lease');

    const other = parseCredentials(await scene.lease('grant', MEMBERS));
    const others = { ...other, secret: deriveSecret(other.token), domain: MEMBERS };
    const { config } = await claim(gateway, { ticket: others, key: makeKey() });
    assert.equal(readAddresses(config).includes(lease.address4 ?? ''), false, 'its address is in quarantine');

    await scene.lease('extend', id, '--days', '365');
    await member.reaches();
    assert.ok((await readPeers(gateway)).includes(describeMember(lease)), 'the same address');
    const [letter] = scene.readLetters();
    assert.deepEqual([letter?.kind, letter?.expires], ['extend', expires + 365 * DAY]);
    assert.deepEqual(await scene.send(), ['mail sent']);
    assert.match(subjects()[2] ?? '', /^Your access to members now ends on /);
    for (let turn = 0; turn < 2; turn++) await scene.pass();
    assert.deepEqual([scene.readLetters(), await scene.send(), subjects().length], [[], [], 3]);
  });

  test('a letter with a token that is void is not sent', async (t) => {
    const scene = await MemberScene.create(t, 212);
    const { gateway } = scene;
    await gateway.start();
    const grant = async () =>
      parseCredentials(await scene.lease('grant', MEMBERS, '--email', 'ada@example.org', '--days', '9'));
    for (const verb of ['rotate', 'revoke']) {
      const { id } = await grant();
      assert.equal(scene.readLetters().length, 1);
      await scene.lease(verb, id);
      assert.deepEqual(scene.readLetters(), [], verb);
    }
    const ticket = await grant();
    const lease = { ...ticket, secret: deriveSecret(ticket.token), domain: MEMBERS };
    assert.equal((await claim(gateway, { ticket: lease, key: makeKey() })).code, 'OK');
    await scene.lease('release', ticket.id);
    assert.equal(scene.readLetters().length, 1, 'the token is still right');
    assert.equal((await claim(gateway, { ticket: lease, key: makeKey() })).code, 'OK');
    await scene.lease('release', ticket.id, '--lost');
    assert.deepEqual(scene.readLetters(), []);
  });

  test('an order that is granted again has one letter, with the newest token', async (t) => {
    const scene = await MemberScene.create(t, 213);
    const order = ['grant', MEMBERS, '--email', 'ada@example.org', '--order', 'A-1'];
    const [first, second] = [await scene.lease(...order), await scene.lease(...order)].map(parseCredentials);
    assert.equal(first?.id, second?.id);
    const [letter, ...others] = scene.readLetters();
    assert.deepEqual([letter?.kind === 'grant' && letter.token, others], [second?.token, []]);
  });

  test('letters that are not true any more when the server is back are not sent; the others are', async (t) => {
    const scene = await MemberScene.create(t, 214);
    for (const name of ['extended', 'ended', 'lasting'])
      await scene.lease('grant', MEMBERS, '--email', `${name}@example.org`, '--days', '30');
    const find = async (name: string) => {
      const lease = (await scene.listLeases()).find(({ email }) => email === `${name}@example.org`);
      assert.ok(lease?.expires !== undefined);
      return { id: lease.id, expires: lease.expires };
    };
    const { id, expires } = await find('extended');
    await scene.pass(expires - 5 * DAY);
    assert.equal(scene.readLetters().filter(({ kind }) => kind === 'remind').length, 3);
    for (let turn = 0; turn < 2; turn++) await scene.lease('extend', id, '--days', '40');
    await scene.lease('revoke', (await find('ended')).id);
    await scene.pass();
    const waiting = scene.readLetters().map(({ kind, to, expires }) => [to, kind, expires]);
    const [{ expires: end }, { expires: lasting }] = [await find('extended'), await find('lasting')];
    assert.deepEqual(waiting.sort(), [
      ['extended@example.org', 'extend', end],
      ['extended@example.org', 'grant', expires],
      ['lasting@example.org', 'grant', lasting],
      ['lasting@example.org', 'remind', lasting],
    ]);
    await scene.pass(lasting - DAY);
    const reminders = scene.readLetters().filter(({ kind }) => kind === 'remind');
    assert.deepEqual(
      reminders.map((letter) => letter.kind === 'remind' && letter.days),
      [1],
      'only the newest',
    );
  });

  test('while the server is down for days nothing is lost, and all arrive once it is back', async (t) => {
    const scene = await MemberScene.create(t, 215);
    assert.deepEqual(await scene.readStatus(), { mail: { waiting: 0, oldest: null, reason: null }, problems: [] });
    for (const name of ['ada', 'bert', 'cleo']) await scene.lease('grant', MEMBERS, '--email', `${name}@example.org`);
    const since = readTime() - 7200;
    for (const name of readdirSync(scene.outbox)) utimesSync(join(scene.outbox, name), since, since);
    for (let hours = 0; hours < 72; hours += 24) {
      await scene.send(readTime() + hours * 3600);
      await scene.pass();
    }
    assert.equal(scene.readLetters().length, 3);
    const { mail, problems } = await scene.readStatus();
    assert.deepEqual([mail.waiting, mail.oldest], [3, since]);
    assert.match(mail.reason, /ECONNREFUSED/);
    assert.match(problems[0]?.problem ?? '', /^mail to members: 3 letters wait, the oldest for 2 h: .*ECONNREFUSED/);
    const { stdout } = await look(scene.gateway, ['status'], { columns: 200 });
    assert.match(stdout, /^Mail to members: 3 letters wait, the oldest for 2 h\.$/m);
    // Whoever has taken the sender over.
    rmSync(PAUSES);
    symlinkSync('/etc/shadow', PAUSES);
    assert.equal((await scene.readStatus()).mail.reason, null);
    await scene.server.start();
    rmSync(PAUSES);
    await scene.send();
    assert.equal((await scene.readStatus()).mail.waiting, 0, 'sent, although no pass has removed them');
    assert.deepEqual(
      scene.server.readHeaders('To').sort(),
      ['ada', 'bert', 'cleo'].map((name) => `${name}@example.org`),
    );
    await scene.pass();
    assert.deepEqual(scene.readLetters(), []);
  });

  test('where the letter cannot be written nothing is granted or extended, and a pass still keeps the peers', async (t) => {
    const scene = await MemberScene.create(t, 216);
    const { gateway } = scene;
    const { id } = parseCredentials(await scene.lease('grant', MEMBERS, '--email', 'ada@example.org', '--days', '5'));
    const before = await scene.listLeases();
    chmodSync(scene.outbox, 0o777);
    for (const words of [
      ['grant', MEMBERS, '--email', 'bert@example.org'],
      ['extend', id, '--days', '5'],
    ]) {
      const { exitCode, stdout, stderr } = await look(gateway, ['lease', ...words]);
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.match(stderr, /^wgkex: Cannot write .*\.json: its directory must be writable by root alone$/);
    }
    assert.deepEqual(await scene.listLeases(), before);
    rmSync(scene.outbox, { recursive: true });
    const { exitCode, stderr } = await gateway.cleanUp();
    assert.equal(exitCode, 0);
    assert.match(stderr, /"msg":"mail problem"/);
    assert.match(stderr, /"msg":"cleanup finished"/);
    await scene.lease('revoke', id);
  });

  test('without [mail] no letter is written, and the operator is told', async (t) => {
    const scene = await MemberScene.create(t, 217);
    await scene.gateway.configure();
    const { exitCode, stderr } = await look(scene.gateway, ['lease', 'grant', MEMBERS, '--email', 'ada@example.org']);
    assert.equal(exitCode, 0);
    assert.match(stderr, /^wgkex: No mail is sent to ada@example\.org: there is no \[mail\] in \S+$/);
    await scene.pass();
    assert.deepEqual(readdirSync(scene.outbox), []);
  });
});

/** Every file that the gateway or the sender keeps and that has the text in it. */
async function findFilesWith(text: string, { gateway, directory }: MemberScene): Promise<string[]> {
  const places = [directory, MAIL_STATE_DIRECTORY, `/run/wgkex/${gateway.namespace}`, '/tmp', '/var/log'];
  const words = ['--recursive', '--files-with-matches', '--fixed-strings', '--exclude-dir=wgkex-received-*'];
  const { stdout } = await attempt(gateway.namespace, 'grep', [...words, text, ...places]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** What a member reads in the mail. */
function readTicket(mail: string): Ticket {
  const credentials = parseCredentials(mail.match(/^ {4}(\S+)\r$/m)?.[1] ?? '');
  return { ...credentials, secret: deriveSecret(credentials.token), domain: MEMBERS };
}
