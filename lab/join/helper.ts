import { buildTunnelConfig, type TunnelSettings } from '../../src/core/leases/tunnel-config.ts';
import { type Background, eventually } from '../commands.ts';
import type { Ticket } from '../leases.ts';
import { signReply } from './fake-gateway.ts';
import { type Machine, NAME, TUNNEL } from './machine.ts';

/** A reply of wgkex-tunnel. */
export interface HelperReply {
  readonly type: string;
  readonly id?: number;
  readonly refused?: string;
  readonly ticket?: { readonly key: string; readonly line: string };
  readonly look?: Readonly<Record<string, unknown>>;
}

/** A gateway's reply as wgkex-join passes it on. */
export interface Passed {
  readonly gateway: string;
  readonly config: string;
  readonly proof: string;
  readonly endpoint: { readonly address: string; readonly port: number };
  readonly via: 'udp' | 'tcp';
}

/** wgkex-tunnel behind sudo, and a test in place of wgkex-join: a captured one, if the test wants. */
export class Helper {
  readonly child: Background;
  #id = 0;

  private constructor(child: Background) {
    this.child = child;
  }

  /** These words go in front of sudo. */
  static start(machine: Machine, before: readonly string[] = []): Helper {
    return new Helper(machine.startAsClient(...before, '/usr/bin/sudo', '-n', TUNNEL));
  }

  /** One that has greeted. */
  static async open(machine: Machine, before: readonly string[] = []): Promise<Helper> {
    return Helper.start(machine, before).#begin();
  }

  /** One that strace(1), whose words these are, starts as root; it may not live to greet. */
  static async trace(machine: Machine, words: readonly string[]): Promise<Helper> {
    return new Helper(machine.startProgram(...words, TUNNEL)).#begin();
  }

  async #begin(): Promise<Helper> {
    this.write(`${JSON.stringify({ type: 'begin', name: NAME })}\n`);
    await this.#next(0);
    return this;
  }

  write(text: string): void {
    this.child.child.stdin?.write(text);
  }

  /** Sends a request and resolves with its reply, undefined if it ends. */
  async ask(type: string, fields: object = {}): Promise<HelperReply | undefined> {
    const before = this.#replies.length;
    this.#id++;
    this.write(`${JSON.stringify({ type, id: this.#id, ...fields })}\n`);
    return this.#next(before);
  }

  /** Asks for a ticket, and resolves with what a gateway that knows the lease would say to it. */
  async getReply(ticket: Ticket, settings: TunnelSettings, gateway: string): Promise<Passed> {
    const asked = await this.ask('ticket');
    if (asked?.ticket === undefined) throw new Error(`No ticket: ${JSON.stringify(asked)} ${this.child.stderr}`);
    const { key, line } = asked.ticket;
    const request = { domain: ticket.domain, key, line, nonce: line.split('.')[1] ?? '' };
    const reply = signReply(ticket.secret, request, buildTunnelConfig(settings));
    const [, address = '', port = ''] = settings.endpoint.match(/^\[?(.*?)\]?:(\d+)$/) ?? [];
    return { gateway, config: reply.line, proof: reply.proof, endpoint: { address, port: Number(port) }, via: 'udp' };
  }

  /** Brings a tunnel up with a reply that is right. */
  async bringUp(ticket: Ticket, settings: TunnelSettings, gateway: string): Promise<HelperReply | undefined> {
    return this.ask('up', await this.getReply(ticket, settings, gateway));
  }

  /** Ends its input, as the end of wgkex-join does. */
  async close(): Promise<void> {
    this.child.child.stdin?.end();
    await this.ended();
  }

  async ended(): Promise<void> {
    await eventually('wgkex-tunnel ends', () => this.child.hasEnded, 15);
  }

  get #replies(): HelperReply[] {
    const whole = this.child.stdout.slice(0, this.child.stdout.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as HelperReply);
  }

  async #next(index: number): Promise<HelperReply | undefined> {
    await eventually('wgkex-tunnel answers', () => this.#replies.length > index || this.child.hasEnded, 20);
    return this.#replies[index];
  }
}
