import { InputError } from '../values/errors.ts';
import { isHostName } from '../values/names.ts';
import { quote } from '../values/quote.ts';

/** Who a mail is from. */
export interface Sender {
  readonly name: string | undefined;
  readonly address: string;
}

/** RFC 5321, 4.5.3.1. */
const LOCAL_BYTES = 64;
const ADDRESS_BYTES = 254;
/** A dot-atom of RFC 5322, 3.2.3, that looks like no option of a command. */
const LOCAL_PART = /^(?!-)[\w!#$%&'*+/=?^{|}~-]+(\.[\w!#$%&'*+/=?^{|}~-]+)*$/;
/** Nothing that has a meaning in a header. */
const DISPLAY_NAME = /^[^\p{Cc}\p{Zl}\p{Zp}<>()[\]"\\,:;@]{1,80}$/u;

/** An ordinary address such as `anna@example.org`: neither quoted, nor with comments, nor with letters beyond ASCII. */
export function isEmailAddress(text: string): boolean {
  const [, local = '', host = ''] = text.match(/^([^@]*)@([^@]*)$/) ?? [];
  return text.length <= ADDRESS_BYTES && local.length <= LOCAL_BYTES && LOCAL_PART.test(local) && isHostName(host);
}

/** @throws InputError unless {@link isEmailAddress}. */
export function parseEmailAddress(text: string): string {
  if (isEmailAddress(text)) return text;
  throw new InputError(`Cannot use ${quote(text)} as an email address: expected one such as "anna@example.org"`);
}

/** Parses `vpn@example.org` or `Freifunk VPN <vpn@example.org>`; undefined if it is neither. */
export function parseSender(text: string): Sender | undefined {
  const [, name, bracketed] = text.match(/^(.+) <([^<>]+)>$/su) ?? [];
  const address = bracketed ?? text;
  if (!isEmailAddress(address) || (name !== undefined && !DISPLAY_NAME.test(name))) return undefined;
  return { name: name?.trim(), address };
}
