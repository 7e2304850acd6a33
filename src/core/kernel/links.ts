import * as z from 'zod';
import { parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';

const markedSchema = z.array(
  z.looseObject({
    ifname: z.string(),
    ifalias: z.string().default(''),
    linkinfo: z.looseObject({ info_kind: z.string().default('') }).optional(),
  }),
);
const addressSchema = z.array(
  z.looseObject({
    addr_info: z.array(z.looseObject({ local: z.string(), prefixlen: z.number(), scope: z.string() })).optional(),
  }),
);
const linkSchema = z.array(z.looseObject({ ifindex: z.int().positive() })).length(1);

/**
 * Parses the output of `ip -json -batch` for several `link show dev NAME`: on each line an array with one object.
 * Returns the numbers of the interfaces, which the kernel never reuses until it restarts.
 * @throws InputError for any other text.
 */
export function parseLinkNumbers(text: string): number[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => parseJsonOf(linkSchema, line, 'the interfaces')[0]?.ifindex ?? 0);
}

/**
 * Which of `names` a line of `ip -oneline monitor link` is about; undefined if that interface is gone, and for other
 * lines. The line has `NAME:` or `NAME@LOWER:`, and the name itself may contain an `@`.
 */
export function findChangedLink(line: string, names: Iterable<string>): string | undefined {
  const [, rest] = line.match(/^\d+: (.*)$/) ?? [];
  const isMeant = (name: string) => rest?.startsWith(`${name}: `) || /^@[^:\s]+: /.test(rest?.slice(name.length) ?? '');
  return [...names].filter((name) => rest?.startsWith(name) && isMeant(name)).sort((a, b) => b.length - a.length)[0];
}

/** An interface as its maker left it. */
export interface MarkedLink {
  /** Empty if it has none. */
  readonly alias: string;
  /** `wireguard`, `tun`; empty for a network card. */
  readonly kind: string;
}

/** Parses `ip -details -json link show`. @throws InputError for any other text. */
export function parseMarkedLinks(text: string): Map<string, MarkedLink> {
  const links = parseJsonOf(markedSchema, text, 'the interfaces');
  return new Map(
    links.map(({ ifname, ifalias, linkinfo }) => [ifname, { alias: ifalias, kind: linkinfo?.info_kind ?? '' }]),
  );
}

/**
 * Parses `ip -json address show dev NAME`: its addresses with their prefix length, without those that the kernel makes
 * (fe80::/64).
 * @throws InputError for any other text.
 */
export function parseAddresses(text: string): string[] {
  const addresses = parseJsonOf(addressSchema, text, 'the addresses').flatMap(({ addr_info: some = [] }) => some);
  return addresses
    .filter(({ scope }) => scope !== 'link')
    .map(({ local, prefixlen }) => `${parseIpAddress(local)}/${prefixlen}`);
}
