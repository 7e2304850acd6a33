import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { LeaseId } from '../../src/core/leases/lease.ts';
import { type Letter, MAIL_STATE_DIRECTORY, NOTES, nameLetter } from '../../src/core/mail/letter.ts';
import type { DomainName } from '../../src/core/values/names.ts';
import { writeLetter } from '../../src/system/mail/outbox.ts';
import { SmtpServer } from './smtp-server.ts';

export const OUTBOX = '/var/lib/wgkex/outbox';
export const NOTES_DIRECTORY = join(MAIL_STATE_DIRECTORY, NOTES);
const PROGRAM = '/usr/lib/wgkex/wgkex-mail';
export const AS_SENDER = ['--reuid=wgkex-mail', '--regid=wgkex-mail', '--clear-groups'];
const CONFIG = '/etc/wgkex/wgkex.toml';
export const PAUSES = join(MAIL_STATE_DIRECTORY, 'pauses.json');

/** How one run of the sender ended, and what it logged. */
interface Run {
  readonly status: number | string | null;
  readonly events: readonly { msg: string; [field: string]: unknown }[];
  readonly stderr: string;
}

/** The outbox of the lab, the installed sender as its own user, and a mail server. */
export class MailScene {
  readonly server: SmtpServer;

  private constructor(port: number) {
    this.server = new SmtpServer(port);
  }

  static async create(): Promise<MailScene> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    if (address === null || typeof address === 'string') throw new Error('expected a port');
    probe.close();
    const scene = new MailScene(address.port);
    scene.configure();
    return scene;
  }

  configure(lines = ''): void {
    const base = `host = "localhost"\nport = ${this.server.port}\nfrom = "Freifunk VPN <vpn@example.org>"`;
    writeFileSync(CONFIG, `[mail]\n${base}\n${lines === '' ? 'security = "none"' : lines}\n`);
  }

  /** Everything as after the installation, without a server. */
  async reset(): Promise<void> {
    await this.server.reset();
    for (const directory of [OUTBOX, NOTES_DIRECTORY])
      for (const name of readdirSync(directory)) rmSync(join(directory, name));
    this.endPauses();
    this.configure();
  }

  endPauses(): void {
    rmSync(PAUSES, { force: true });
  }

  /** Runs the sender to its end, if words are given under the program that they call. */
  async send({ under = [], env = {} }: { under?: readonly string[]; env?: NodeJS.ProcessEnv } = {}): Promise<Run> {
    const child = this.startSender(under, env);
    const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    return { status: code ?? signal, events: parseEvents(stderr), stderr };
  }

  startSender(under: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const words = [...AS_SENDER, ...under, PROGRAM];
    return spawn('setpriv', words, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  }

  async close(): Promise<void> {
    await this.reset();
    await this.server.close();
  }
}

/** Of the log. */
export function parseEvents(text: string): { msg: string; [field: string]: unknown }[] {
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';

/** A letter to `NAME@example.org` about the lease of this number. */
export function makeReminder(number: number, name = 'anna'): Letter {
  return {
    kind: 'remind',
    id: `aaaaaaa${ALPHABET[number]}` as LeaseId,
    to: `${name}@example.org`,
    domain: 'members' as DomainName,
    endpoint: 'vpn.example.org:51820',
    expires: 1_790_000_000,
    days: 7,
  };
}

/** Puts letters into the outbox as root does; returns their names. */
export function post(...letters: readonly Letter[]): string[] {
  for (const letter of letters) writeLetter(OUTBOX, letter);
  return letters.map(nameLetter);
}
