import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pretendTime } from '../../lab/clock.ts';
import { attempt, sh } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { leased, openTable } from '../../lab/leases.ts';
import { look, lookUp } from '../../lab/operator.ts';
import type { Lease } from '../../src/core/leases/lease.ts';
import { type Letter, parseLetter } from '../../src/core/mail/letter.ts';
import { AS_SENDER, NOTES_DIRECTORY, PAUSES, parseEvents } from './scene.ts';
import { SmtpServer } from './smtp-server.ts';

const SENDER = '/usr/lib/wgkex/wgkex-mail';
const SMTP_PORT = 2525;
export const SECOND_LOOK_SECONDS = 2;

/** A gateway whose members get mails: its outbox, the installed sender, and a mail server alongside. */
export class MemberScene {
  readonly gateway: Gateway;
  readonly server: SmtpServer;

  private constructor(gateway: Gateway) {
    this.gateway = gateway;
    this.server = new SmtpServer(SMTP_PORT, ['ip', 'netns', 'exec', gateway.namespace]);
  }

  static async create(t: TestContext, number: number): Promise<MemberScene> {
    const gateway = await Gateway.create(number, [leased(number)]);
    const scene = new MemberScene(gateway);
    t.after(() => scene.#close());
    await scene.configure();
    mkdirSync(scene.outbox, { recursive: true });
    // As systemd-tmpfiles makes the other one.
    await sh('chown', 'root:wgkex-mail', scene.outbox);
    await sh('chmod', '2750', scene.outbox);
    return scene;
  }

  get directory(): string {
    return `/var/lib/wgkex/${this.gateway.namespace}`;
  }

  get outbox(): string {
    return join(this.directory, 'outbox');
  }

  configure(mail: object = {}): Promise<void> {
    const server = { host: 'localhost', port: SMTP_PORT, security: 'none', from: 'Freifunk VPN <vpn@example.org>' };
    return this.gateway.configure({
      mail: { ...server, ...mail },
      cleanup: { second_look_seconds: SECOND_LOOK_SECONDS },
    });
  }

  /** Runs `wgkex lease`, which has to succeed without a complaint; returns what it printed. */
  async lease(...args: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await look(this.gateway, ['lease', ...args], { columns: 200 });
    assert.deepEqual([exitCode, stderr], [0, ''], stdout);
    return stdout;
  }

  /** What `wgkex status` says of mails: `mail`, and the problems that have to do with it. */
  async readStatus() {
    const { document } = await lookUp(this.gateway, ['status']);
    const attention: { code: string; problem: string }[] = document.attention;
    return { mail: document.mail, problems: attention.filter(({ code }) => code === 'mail-waiting') };
  }

  /** One pass of the cleanup, which must succeed, at another time if one is given; returns its log. */
  async pass(time?: number): Promise<string> {
    const ending = time === undefined ? this.gateway.cleanUp() : this.gateway.cleanUpAt(time);
    const { exitCode, stderr } = await ending;
    assert.equal(exitCode, 0, stderr);
    assert.doesNotMatch(stderr, /"mail problem"/);
    return stderr;
  }

  /** Runs the sender to its end; returns the names of the events that it logged. */
  async send(time?: number): Promise<string[]> {
    const program = time === undefined ? [SENDER] : ['/usr/bin/node', pretendTime(time), SENDER];
    const { exitCode, stderr } = await attempt(this.gateway.namespace, 'setpriv', [...AS_SENDER, ...program]);
    assert.equal(exitCode, 0, stderr);
    return parseEvents(stderr).map(({ msg }) => msg);
  }

  /** All that is in the outbox; a test fails if that has something else in it than letters. */
  readLetters(): Letter[] {
    const names = readdirSync(this.outbox).sort();
    assert.deepEqual(
      names.filter((name) => !name.endsWith('.json')),
      [],
    );
    return names.map((name) => parseLetter(readFileSync(join(this.outbox, name), 'utf8')));
  }

  async listLeases(): Promise<readonly Lease[]> {
    return (await openTable(this.gateway)).list();
  }

  async #close(): Promise<void> {
    await this.server.close();
    for (const name of readdirSync(NOTES_DIRECTORY)) rmSync(join(NOTES_DIRECTORY, name));
    rmSync(PAUSES, { force: true });
    await this.gateway.close();
  }
}

export const DAY = 86_400;

export function readTime(): number {
  return Math.floor(Date.now() / 1000);
}
