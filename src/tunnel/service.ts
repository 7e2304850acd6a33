import { decodeConfig } from '../core/client/configuration/gateway-reply.ts';
import { parseTunnelFile } from '../core/client/configuration/tunnel-file.ts';
import { deriveInterface, type InstanceName } from '../core/client/instance.ts';
import type { ClientReply, ClientRequest, Look, RequestOf, TicketLines } from '../core/client/messages.ts';
import { derivePublicKey } from '../core/client/private-key.ts';
import { findObjection } from '../core/client/route-rules.ts';
import { describeError, InputError } from '../core/values/errors.ts';
import type { Events } from '../log/events.ts';
import { readAccepted, writeAccepted } from '../system/client/store/accepted.ts';
import { holdTunnel } from '../system/client/store/hold.ts';
import { readInstance } from '../system/client/store/instances.ts';
import { readCredentials, readPrivateKey, readPublicKey } from '../system/client/store/secrets.ts';
import { findChoiceObjection } from './choice-rules.ts';
import { endTunnel, type Places } from './hold.ts';
import type { Kernel } from './kernel.ts';
import { buildLook } from './look.ts';
import { requireProof, Tickets } from './tickets.ts';

/** With every character escaped, a reply of this length is still one line of the wall. */
const REASON_CHARACTERS = 500;

/**
 * Serves the requests for one tunnel. Root's file and the secrets are read for each of them, so that what root changes
 * counts at once.
 */
export class TunnelService {
  readonly #name: InstanceName;
  readonly #kernel: Kernel;
  readonly #log: Events;
  readonly #places: Places;
  readonly #tickets = new Tickets();

  constructor(name: InstanceName, kernel: Kernel, log: Events, places: Places) {
    this.#name = name;
    this.#kernel = kernel;
    this.#log = log;
    this.#places = places;
  }

  /** Never rejects: what is not permitted, or fails, is refused with a reason in one line. */
  async serve(request: ClientRequest): Promise<ClientReply> {
    const { type, id } = request;
    try {
      return { type, id, ...(await this.#answer(request)) } as ClientReply;
    } catch (error) {
      return { type, id, refused: this.#reportFailure(request, error) } as ClientReply;
    }
  }

  #reportFailure(request: ClientRequest, error: unknown): string {
    const reason = describeError(error).slice(0, REASON_CHARACTERS);
    if (request.type === 'up' && error instanceof InputError)
      this.#log.report('configuration refused', { on: request.gateway, reason });
    else this.#log.report('failed', { what: request.type, reason });
    return reason;
  }

  #answer(request: ClientRequest): Promise<object> {
    switch (request.type) {
      case 'ticket':
        return this.#issueTicket();
      case 'up':
        return this.#bringUp(request);
      case 'look':
        return this.#look();
      case 'down':
        return this.#takeDown();
    }
  }

  async #issueTicket(): Promise<{ ticket: TicketLines }> {
    const { instances, secrets } = this.#places;
    const instance = readInstance(this.#name, instances);
    const credentials = readCredentials(this.#name, secrets);
    return { ticket: this.#tickets.issue(instance, credentials, readPublicKey(this.#name, secrets)) };
  }

  /** Nothing is changed before the last check. */
  async #bringUp(request: RequestOf<'up'>): Promise<{ look: Look }> {
    const ticket = this.#tickets.use();
    const instance = readInstance(this.#name, this.#places.instances);
    refuseFor(findChoiceObjection(request, instance));
    requireProof(ticket, request);
    const config = decodeConfig(request.config);
    const settings = parseTunnelFile(config);
    const privateKey = readPrivateKey(this.#name, this.#places.secrets);
    if (derivePublicKey(privateKey) !== ticket.key)
      throw new InputError('Cannot use the reply: the key of this tunnel was replaced after its ticket');
    const { gateway, endpoint, via } = request;
    const { traffic } = instance;
    await holdTunnel(this.#name, this.#places.secrets, async () => {
      const surroundings = await this.#kernel.readSurroundings(deriveInterface(this.#name));
      const objection = findObjection(settings, { traffic, endpoint: endpoint.address, surroundings });
      refuseFor(objection && `Cannot use the gateway's configuration: ${objection}`);
      await this.#change(async () => {
        await this.#kernel.bringUp({ name: this.#name, settings, endpoint, privateKey, traffic });
        const at = Math.floor(Date.now() / 1000);
        writeAccepted(this.#name, { gateway, via, endpoint, config, at }, this.#places.secrets);
      });
    });
    return this.#look();
  }

  /** A tunnel that cannot be brought up leaves nothing; one that cannot be changed waits for the next request. */
  async #change(effects: () => Promise<void>): Promise<void> {
    const { isUp } = await this.#kernel.readTunnel(this.#name);
    try {
      await effects();
    } catch (error) {
      if (!isUp) await this.#kernel.takeDown(this.#name).catch(() => {});
      throw error;
    }
  }

  async #look(): Promise<{ look: Look }> {
    const { traffic } = readInstance(this.#name, this.#places.instances);
    const state = await this.#kernel.readTunnel(this.#name, traffic);
    return { look: buildLook(state, readAccepted(this.#name, this.#places.secrets)) };
  }

  async #takeDown(): Promise<object> {
    const wasUp = await endTunnel(this.#name, this.#places, this.#kernel);
    if (wasUp) this.#log.report('tunnel down', { reason: 'wgkex-join asked for it' });
    return {};
  }
}

function refuseFor(objection: string | undefined): void {
  if (objection !== undefined) throw new InputError(objection);
}
