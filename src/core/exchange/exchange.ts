import type { IpAddress } from '../values/ip-address.ts';
import type { DomainName } from '../values/names.ts';
import { isPublicKey, looksLikeKey, type PublicKey } from '../values/public-key.ts';

/** The codes of the wire protocol (docs/firmware.md), `OK` included. */
export const REPLY_CODES = [
  'OK',
  'NO_DOMAIN',
  'NO_WGKEY',
  'INVALID_DOMAIN',
  'INVALID_WGKEY',
  'LINE_TOO_LONG',
  'NO_TOKEN',
  'INVALID_TOKEN',
  'EXPIRED',
  'TOKEN_USED',
  'PROHIBITED_WGKEY',
  'ADDRESS_TAKEN',
  'FULL',
  'BUSY',
  'FAILED',
] as const;
export type ReplyCode = (typeof REPLY_CODES)[number];
export type ErrorCode = Exclude<ReplyCode, 'OK'>;

/** A router's request: "admit this key to that domain". */
export interface Exchange {
  readonly domain: DomainName;
  readonly key: PublicKey;
  /** Where the request came from; absent if unknown. */
  readonly from?: IpAddress;
  /** Only a front that is not believed says where it came from: that is for the log alone. */
  readonly hearsay?: true;
  /** By a topic of freifunkMUC's broker: neither where it came from is known, nor does anybody hear the reply. */
  readonly broadcast?: true;
  /** The request is from `wgkex check` on the gateway itself: a refusal is neither logged nor counted. */
  readonly look?: true;
}

/** `wgkex check` writes this in front of a domain. No domain name begins with it: from elsewhere it is not a domain. */
export const LOOK_MARK = '-';

/** What a member gets besides `OK`, as it is sent. */
export interface Grant {
  /** The tunnel's configuration in base64. */
  readonly config: string;
  /** Of that line; only a gateway that knows the lease can make it. */
  readonly proof: string;
}

/** A client's request, as it was sent; a missing part is undefined. */
export interface Wanted {
  readonly name: string | undefined;
  readonly key: string | undefined;
}

/** A request for a domain that is there, with a key that is one. */
export interface SoundRequest {
  readonly domain: DomainName;
  readonly key: PublicKey;
}
type Judgement = SoundRequest | { readonly refused: ErrorCode };

/** Returns a domain's own name for any of its names; undefined if no domain has that name. */
type FindDomainName = (name: string) => DomainName | undefined;

/** Tells a router's two lines apart, which may come in either order. A line that never came is undefined. */
export function arrangeLines(
  first: string | undefined,
  second: string | undefined,
  findDomainName: FindDomainName,
): Wanted {
  const [name, key] = isKeyFirst(first, second, findDomainName) ? [second, first] : [first, second];
  return { name, key };
}

/** Checks that the domain is served and the key is valid. A missing part is reported before a wrong one. */
export function judgeRequest({ name, key }: Wanted, findDomainName: FindDomainName): Judgement {
  if (!name) return { refused: 'NO_DOMAIN' };
  if (!key) return { refused: 'NO_WGKEY' };
  const domain = findDomainName(name);
  if (domain === undefined) return { refused: 'INVALID_DOMAIN' };
  if (!isPublicKey(key)) return { refused: 'INVALID_WGKEY' };
  return { domain, key };
}

/** One line on the wire; for a member three. */
export function formatReply(code: ReplyCode, grant?: Grant): string {
  if (code !== 'OK') return `ERR: ${code}\n`;
  return grant === undefined ? 'OK\n' : `OK\n${grant.config}\n${grant.proof}\n`;
}

/**
 * A gateway's reply: a code, or `silence`, which stands for `OK` from a gateway with `quiet_success`.
 * Undefined for anything else.
 */
export function parseReply(text: string): ReplyCode | 'silence' | undefined {
  if (text === '') return 'silence';
  return REPLY_CODES.find((code) => formatReply(code).trimEnd() === text.trimEnd());
}

/** Also true for a damaged key that comes before the name of a domain: the reply must name the damaged part. */
function isKeyFirst(first = '', second = '', findDomainName: FindDomainName): boolean {
  return looksLikeKey(first) || findDomainName(second) !== undefined;
}
