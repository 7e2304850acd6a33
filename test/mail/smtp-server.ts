import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('server.py', import.meta.url));

/** A mail server on a port of the loopback interface, and what it has taken. */
export class SmtpServer {
  readonly port: number;
  /** Where it puts the mails; a file `maintenance` in it makes it refuse all. */
  readonly received = mkdtempSync('/tmp/wgkex-received-');
  readonly #where: readonly string[];
  #process: ChildProcess | undefined;

  /** `where`: words that run it elsewhere, such as in a network namespace, and that become it. */
  constructor(port: number, where: readonly string[] = []) {
    this.port = port;
    this.#where = where;
  }

  async start(...certificate: readonly string[]): Promise<void> {
    const words = [...this.#where, '/usr/bin/python3', PROGRAM, String(this.port), this.received, ...certificate];
    const [program = '', ...args] = words;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    await once(child.stdout, 'data');
  }

  async stop(): Promise<void> {
    if (this.#process === undefined) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
    this.#process = undefined;
  }

  /** Stops it, and forgets what it has taken. */
  async reset(): Promise<void> {
    await this.stop();
    for (const name of readdirSync(this.received)) rmSync(join(this.received, name));
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.received, { recursive: true });
  }

  /** What it has taken, in order. */
  readMails(): string[] {
    const names = readdirSync(this.received).filter((name) => name.endsWith('.eml'));
    return names.sort().map((name) => readFileSync(join(this.received, name), 'utf8'));
  }

  /** A header of each mail. */
  readHeaders(name: string): string[] {
    return this.readMails().map((mail) => mail.match(new RegExp(`^${name}: (.*?)\\r?$`, 'm'))?.[1] ?? '');
  }
}
