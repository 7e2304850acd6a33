import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Instance, InstanceName } from '../../src/core/client/instance.ts';
import type { ReplyOf, RequestOf } from '../../src/core/client/messages.ts';
import { buildLeaseId, buildToken } from '../../src/core/leases/credentials.ts';
import { buildReplyProof, deriveSecret } from '../../src/core/leases/proof.ts';
import { parseThirdLine } from '../../src/core/leases/third-line.ts';
import { buildTunnelConfig, type TunnelSettings } from '../../src/core/leases/tunnel-config.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import type { EventName } from '../../src/log/events.ts';
import { writeInstance } from '../../src/system/client/store/instances.ts';
import { makeKey, type StoredCredentials, writeCredentials } from '../../src/system/client/store/secrets.ts';
import type { Places } from '../../src/tunnel/hold.ts';
import type { Kernel } from '../../src/tunnel/kernel.ts';
import { TunnelService } from '../../src/tunnel/service.ts';
import { KEYS } from '../core/arbitraries.ts';

export const NAME = 'members' as InstanceName;
export const GATEWAY = 'gw1.example.org:10012';
export const INSTANCE: Instance = {
  name: NAME,
  gateways: [{ host: 'gw1.example.org', port: 10_012 }],
  domain: 'members',
  traffic: 'routes',
  overTcp: 'auto',
  sample: 3,
};
export const SETTINGS: TunnelSettings = {
  addresses: { address4: parseIpAddress('10.66.0.2'), address6: parseIpAddress('fd66::2') },
  publicKey: KEYS[0],
  endpoint: 'gw1.example.org:51820',
  allowedIps: ['10.66.0.0/24', 'fd66::/112'],
  dns: [],
  mtu: 1420,
  expires: 1_900_000_000,
  relay: 'gw1.example.org:443',
};

const base = mkdtempSync(join(tmpdir(), 'wgkex-tunnel-'));
after(() => rmSync(base, { recursive: true }));

/** A machine whose kernel only notes what it is asked, or fails as a test wants. */
export class Scene {
  readonly places: Places;
  readonly credentials: StoredCredentials;
  /** What was done to the kernel. */
  readonly effects: string[] = [];
  readonly reports: { readonly event: EventName; readonly fields: object }[] = [];
  readonly service: TunnelService;
  isUp = false;
  /** Thrown by `bringUp`. */
  fault: Error | undefined;
  /** What other devices route. */
  networks: { readonly network: string; readonly device: string }[] = [];
  /** Called while the tunnel is brought up. */
  onBringUp: () => Promise<void> = async () => {};
  #id = 0;

  private constructor(places: Places, credentials: StoredCredentials) {
    this.places = places;
    this.credentials = credentials;
    this.service = this.open();
  }

  static async create(more: Partial<Instance> = {}): Promise<Scene> {
    const place = mkdtempSync(join(base, 'place-'));
    const places = { instances: join(place, 'etc'), secrets: join(place, 'var') };
    const credentials = makeCredentials();
    writeInstance({ ...INSTANCE, ...more }, places.instances);
    writeCredentials(NAME, credentials, places.secrets);
    await makeKey(NAME, places.secrets);
    return new Scene(places, credentials);
  }

  /** Another process for the same tunnel. */
  open(): TunnelService {
    const log = { report: (event: EventName, fields: object) => void this.reports.push({ event, fields }) };
    return new TunnelService(NAME, this.#kernel(), log, this.places);
  }

  async ticket(service = this.service): Promise<NonNullable<Issued>> {
    const reply = (await service.serve({ type: 'ticket', id: ++this.#id })) as ReplyOf<'ticket'>;
    if (!('ticket' in reply)) throw new Error(reply.refused);
    return reply.ticket;
  }

  /** What an honest gateway answers to a ticket, as wgkex-join passes it on. */
  answer(ticket: Issued, { settings = SETTINGS, secret = this.credentials.secret, ...more }: Changes = {}) {
    const line = more.line ?? Buffer.from(more.text ?? buildTunnelConfig(settings)).toString('base64');
    const nonce = parseThirdLine(ticket.line)?.nonce ?? '';
    const request: RequestOf<'up'> = {
      type: 'up',
      id: ++this.#id,
      gateway: GATEWAY,
      config: line,
      proof: buildReplyProof(secret, { key: ticket.key, nonce, line }),
      endpoint: { address: parseIpAddress('192.0.2.1'), port: 51_820 },
      via: 'udp',
      ...more.request,
    };
    return request;
  }

  async up(request: RequestOf<'up'>, service = this.service): Promise<ReplyOf<'up'>> {
    return (await service.serve(request)) as ReplyOf<'up'>;
  }

  #kernel(): Kernel {
    const { effects } = this;
    return {
      readSurroundings: async () => ({ networks: this.networks, gateways: [], resolvers: [] }),
      readTunnel: async () => ({ isUp: this.isUp, handshake: 0, received: 0, sent: 0 }),
      bringUp: async ({ settings, endpoint }) => {
        await this.onBringUp();
        effects.push(`up ${settings.publicKey} ${endpoint.address}`);
        if (this.fault !== undefined) throw this.fault;
        this.isUp = true;
      },
      takeDown: async () => {
        effects.push('down');
        this.isUp = false;
      },
    };
  }
}

type Issued = Extract<ReplyOf<'ticket'>, { readonly ticket: unknown }>['ticket'];

interface Changes {
  readonly settings?: TunnelSettings;
  readonly secret?: StoredCredentials['secret'];
  /** The configuration in place of one of `settings`. */
  readonly text?: string;
  /** The same as it is sent. */
  readonly line?: string;
  readonly request?: Partial<RequestOf<'up'>>;
}

export function makeCredentials(): StoredCredentials {
  return { id: buildLeaseId(randomBytes(5)), secret: deriveSecret(buildToken(randomBytes(17))) };
}
