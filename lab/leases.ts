import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { buildLeaseId, buildToken, type Credentials } from '../src/core/leases/credentials.ts';
import { type Lease, type Secret, UNBOUND } from '../src/core/leases/lease.ts';
import { buildProof, deriveSecret, isReplyProofOf } from '../src/core/leases/proof.ts';
import { formatThirdLine } from '../src/core/leases/third-line.ts';
import type { DomainName } from '../src/core/values/names.ts';
import type { PublicKey } from '../src/core/values/public-key.ts';
import { LeaseTable } from '../src/system/leases/lease-table.ts';
import { toExported } from '../src/system/leases/row.ts';
import { type ClientOptions, send } from './client.ts';
import { type DomainSetup, type Gateway, HTTP_PORT, WIREGUARD_PORT } from './gateway.ts';

export const MEMBERS = 'members';
/** More than a test takes. */
const LASTS_SECONDS = 86_400;
const NONCE_BYTES = 6;

/** What a member has of its lease. */
export interface Ticket extends Credentials {
  readonly secret: Secret;
  readonly domain: string;
}

/** What a member gets; with `OK` the configuration, whose proof is right. */
export interface MemberReply {
  readonly code: string;
  readonly config?: string;
}

/** A request as a member would make it, and what a test changes in it. */
export interface Claim {
  readonly ticket: Ticket;
  readonly key: string;
  /** The name of the domain as sent; the domain's own if undefined. */
  readonly name?: string;
  readonly nonce?: string;
}

interface LeasedSetup {
  readonly name?: string;
  readonly index?: number;
  readonly pool?: readonly string[];
  readonly endpoint?: string;
  readonly relay?: string;
  readonly allowed_ips?: readonly string[];
  readonly dns?: readonly string[];
  readonly names?: readonly string[];
  readonly quarantine_days?: number;
}

/** The setup of a leased domain of gateway `number`, which is its domain number `index`. */
export function leased(number: number, { name = MEMBERS, index = 0, ...more }: LeasedSetup = {}): DomainSetup {
  const endpoint = `10.${number}.0.1:${WIREGUARD_PORT + index}`;
  const pool = more.pool ?? ['10.66.0.0/24'];
  return { name, settings: { endpoint, allowed_ips: pool, ...more, pool } };
}

/** The table of a gateway's leases, as root has it. */
export async function openTable(gateway: Gateway): Promise<LeaseTable> {
  const directory = dirname(gateway.stateFile());
  await mkdir(directory, { recursive: true });
  return new LeaseTable(`${directory}/leases.db`);
}

/** Grants a lease that waits for a key. */
export async function grant(gateway: Gateway, more: Partial<Lease> = {}): Promise<Ticket> {
  const [ticket] = await grantMany(gateway, 1, more);
  if (ticket === undefined) throw new Error('Nothing was granted');
  return ticket;
}

/** Grants that many alike, all at once. */
export async function grantMany(gateway: Gateway, count: number, more: Partial<Lease> = {}): Promise<Ticket[]> {
  const made = Array.from({ length: count }, () => makeLease(more));
  const table = await openTable(gateway);
  const news = await table.import(made.map(({ lease }) => toExported(lease)));
  if (news.length !== count) throw new Error(`${news.length} of ${count} leases were granted`);
  return made.map(({ ticket }) => ticket);
}

/** A lease that is in no table yet. */
export function makeLease(more: Partial<Lease>): { readonly lease: Lease; readonly ticket: Ticket } {
  const made = makeTicket();
  const { id, secret } = made;
  const now = Math.floor(Date.now() / 1000);
  const lease: Lease = {
    id,
    secret,
    domain: MEMBERS as DomainName,
    email: undefined,
    note: undefined,
    orderId: undefined,
    created: now,
    expires: now + LASTS_SECONDS,
    ...UNBOUND,
    ...more,
  };
  return { lease, ticket: { ...made, domain: lease.domain } };
}

/** Of a lease that nobody has granted. */
export function makeTicket(): Ticket {
  const [id, token] = [buildLeaseId(randomBytes(5)), buildToken(randomBytes(17))];
  return { id, token, secret: deriveSecret(token), domain: MEMBERS };
}

/** A nonce that nobody has used. */
export function makeNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64url');
}

export function buildThirdLine({ ticket, key, name = ticket.domain, nonce = makeNonce() }: Claim): string {
  const proof = buildProof(ticket.secret, { name: name as DomainName, key: key as PublicKey, nonce });
  return formatThirdLine({ id: ticket.id, nonce, proof });
}

/** Claims a lease by three lines. @throws Error if the proof of the reply is wrong. */
export async function claim(gateway: Gateway, wanted: Claim, options: ClientOptions = {}): Promise<MemberReply> {
  const { ticket, key, name = ticket.domain, nonce = makeNonce() } = wanted;
  const text = await send(gateway.address, [`${name}\n${key}\n${buildThirdLine({ ...wanted, nonce })}\n`], options);
  const [code = '', line = '', proof = ''] = text.split('\n');
  if (code !== 'OK') return { code: code.replace(/^ERR: /, '') };
  return { code, config: readConfig({ ...wanted, nonce }, line, proof) };
}

/** The same by HTTP; the status is in front of the code. */
export async function claimByHttp(gateway: Gateway, wanted: Claim): Promise<MemberReply> {
  const { ticket, key, name = ticket.domain, nonce = makeNonce() } = wanted;
  const proof = buildThirdLine({ ...wanted, nonce });
  const { status, body } = await post(gateway, '/api/v1/lease', { domain: name, public_key: key, proof });
  if (status !== 200) return { code: `${status} ${body.error?.code}` };
  return {
    code: `${status} ${body.Message}`,
    config: readConfig({ ...wanted, nonce }, body.config ?? '', body.proof ?? ''),
  };
}

interface HttpBody {
  readonly Message?: string;
  readonly config?: string;
  readonly proof?: string;
  readonly error?: { readonly code: string };
}

/** Posts JSON to a gateway's HTTP door. */
export async function post(gateway: Gateway, path: string, body: object): Promise<{ status: number; body: HttpBody }> {
  const answer = await fetch(`http://${gateway.address}:${HTTP_PORT}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as HttpBody };
}

/** @throws Error unless the sender of the line knows the lease. */
function readConfig({ ticket, key, nonce = '' }: Claim, line: string, proof: string): string {
  if (!isReplyProofOf(ticket.secret, proof, { key: key as PublicKey, nonce, line }))
    throw new Error(`wrong proof of ${line}`);
  return Buffer.from(line, 'base64').toString();
}

/** The addresses in a configuration, without prefix lengths. */
export function readAddresses(config = ''): string[] {
  const [, addresses = ''] = config.match(/^Address = (.*)$/m) ?? [];
  return addresses.split(', ').map((address) => address.replace(/\/.*$/, ''));
}

/** All peers of a domain as `KEY ADDRESS[ ADDRESS]`, sorted. */
export async function readPeers(gateway: Gateway, domain = MEMBERS): Promise<string[]> {
  const peers = await gateway.peers(domain);
  return peers.map(({ key, allowedIps }) => [key, ...[...allowedIps].sort()].join(' ')).sort();
}

/** The same of what the table says. */
export async function readLeases(gateway: Gateway, domain = MEMBERS): Promise<string[]> {
  const bound = await (await openTable(gateway)).readBound(domain as DomainName);
  return bound.map(describeMember).sort();
}

/** A bound lease, as {@link readPeers} has its peer. */
export function describeMember({ key, address4, address6 }: Lease): string {
  const networks = [address4 && `${address4}/32`, address6 && `${address6}/128`].filter((one) => one !== undefined);
  return [key, ...networks].join(' ');
}
