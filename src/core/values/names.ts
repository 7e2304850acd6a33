import { InputError } from './errors.ts';
import { quote } from './quote.ts';

/** The name of a mesh domain, e.g. `ffww01`. Made only by {@link parseDomainName}. */
export type DomainName = string & { readonly __brand: 'DomainName' };

/** The name of a network interface. Made only by {@link parseInterfaceName}. */
export type InterfaceName = string & { readonly __brand: 'InterfaceName' };

const DOMAIN_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** RFC 1123, 2.1. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const IPV4 = /^\d+(\.\d+){3}$/;

/**
 * The names that the kernel accepts (`dev_valid_name`: up to 15 bytes, no blank, slash or colon), except those that a
 * command line would misread.
 */
const INTERFACE_NAME = /^(?![-.]|all$|default$)[!-~]{1,15}$/;

export function isDomainName(text: string): text is DomainName {
  return DOMAIN_NAME.test(text);
}

/** @throws InputError */
export function parseDomainName(text: string): DomainName {
  if (!isDomainName(text)) {
    throw new InputError(`Cannot use ${quote(text)} as a domain: expected a lower-case name such as "ffww01"`);
  }
  return text;
}

export function isInterfaceName(text: string): text is InterfaceName {
  return INTERFACE_NAME.test(text) && !/[/:%"'\\#]/.test(text);
}

/** @throws InputError */
export function parseInterfaceName(text: string): InterfaceName {
  if (!isInterfaceName(text)) throw new InputError(`Cannot use ${quote(text)} as an interface: expected 1 to 15 bytes`);
  return text;
}

/** A name that a resolver looks up, and no address. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && !IPV4.test(text);
}
