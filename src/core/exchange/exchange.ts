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
  'PROHIBITED_WGKEY',
  'ADDRESS_TAKEN',
  'FULL',
  'BUSY',
  'FAILED',
] as const;
export type ReplyCode = (typeof REPLY_CODES)[number];
export type ErrorCode = Exclude<ReplyCode, 'OK'>;

/** What a router asks for: "let this key into that domain". */
export interface Exchange {
  readonly domain: DomainName;
  readonly key: PublicKey;
  /** Where the router asked from; absent where nobody knows. */
  readonly from?: IpAddress;
  /** `wgkex check` asks, on the gateway itself: what is refused is neither logged nor counted. */
  readonly look?: true;
}

/** What `wgkex check` writes in front of a domain. No domain's name begins so: from elsewhere it is none. */
export const LOOK_MARK = '-';

/** What a client asks for, as it said it; undefined where it did not. */
export interface Wanted {
  readonly name: string | undefined;
  readonly key: string | undefined;
}

type Judgement = { readonly domain: DomainName; readonly key: PublicKey } | { readonly refused: ErrorCode };

/** Returns a domain's own name, whichever of its names it is given; undefined where no domain has it. */
type FindDomainName = (name: string) => DomainName | undefined;

/** Says which of a router's two lines, that may come in either order, is what. A line that never came is undefined. */
export function arrangeLines(
  first: string | undefined,
  second: string | undefined,
  findDomainName: FindDomainName,
): Wanted {
  const [name, key] = isKeyFirst(first, second, findDomainName) ? [second, first] : [first, second];
  return { name, key };
}

/** Whether a domain is served and a key is sound. A missing part is reported before a wrong one. */
export function judgeRequest({ name, key }: Wanted, findDomainName: FindDomainName): Judgement {
  if (!name) return { refused: 'NO_DOMAIN' };
  if (!key) return { refused: 'NO_WGKEY' };
  const domain = findDomainName(name);
  if (domain === undefined) return { refused: 'INVALID_DOMAIN' };
  if (!isPublicKey(key)) return { refused: 'INVALID_WGKEY' };
  return { domain, key };
}

/** One line on the wire. */
export function formatReply(code: ReplyCode): string {
  return code === 'OK' ? 'OK\n' : `ERR: ${code}\n`;
}

/**
 * What a gateway said: a code, or `silence`, which is how one with `quiet_success` says `OK`.
 * Undefined for anything else.
 */
export function parseReply(text: string): ReplyCode | 'silence' | undefined {
  if (text === '') return 'silence';
  return REPLY_CODES.find((code) => formatReply(code).trimEnd() === text.trimEnd());
}

/** Also true for a damaged key that comes before the name of a domain: the answer must name what is damaged. */
function isKeyFirst(first = '', second = '', findDomainName: FindDomainName): boolean {
  return looksLikeKey(first) || findDomainName(second) !== undefined;
}
