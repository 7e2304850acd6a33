import { isIP } from 'node:net';
import * as z from 'zod';
import { parseBrokerUrl } from '../core/fleet/broker-url.ts';
import { type GatewayId, isGatewayId } from '../core/fleet/gateway-id.ts';
import { MAX_WEIGHT, NAMES_BYTES } from '../core/fleet/limits.ts';
import { THIRD_LINE_BYTES } from '../core/leases/third-line.ts';
import { parseSender } from '../core/mail/address.ts';
import { describeError } from '../core/values/errors.ts';
import type { HostPort } from '../core/values/host-port.ts';
import { parseNetwork } from '../core/values/ip-address.ts';
import { isHostName } from '../core/values/names.ts';
import { isPublicKey, type PublicKey } from '../core/values/public-key.ts';
import { type Domain, domainSchema } from './domains.ts';
import { absolutePath, domainName, integer, word } from './fields.ts';

const MAX_CONNECTIONS = 100_000;
const MAX_SECONDS = 10_000_000;
/** As it is sent: without a query, and with anything unusual percent-encoded. */
const HTTP_PATH = /^\/[\w\-.~%!$&'()*+,;=:@/]*$/;
const PAGE_TITLE = /^\P{Cc}{1,80}$/u;

const listenAddress = z.string().transform((text, context): HostPort => {
  const address = parseListenAddress(text);
  if (address === undefined)
    context.addIssue({ code: 'custom', message: 'an address and a port such as "[::]:10012"' });
  return address ?? z.NEVER;
});
const network = z.string().transform((text, context) => {
  try {
    return parseNetwork(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'a network such as "2001:db8::/32"' });
    return z.NEVER;
  }
});

/** A bare address is the network of that address alone. */
const addressOrNetwork = z.string().transform((text, context) => {
  try {
    return parseNetwork(text.includes('/') ? text : `${text}/${isIP(text) === 4 ? 32 : 128}`);
  } catch {
    context.addIssue({ code: 'custom', message: 'an address or a network such as "127.0.0.1" or "2001:db8::/32"' });
    return z.NEVER;
  }
});
const hostName = z.string().refine(isHostName, 'a host name such as "gw1.example.org"');
const brokerUrl = z.string().transform((text, context) => {
  try {
    return parseBrokerUrl(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: describeError(error).replace(/^.*: expected /, '') });
    return z.NEVER;
  }
});
const GATEWAY_ID = '1 to 64 characters without / + # and blanks, and not "all"';
const gatewayId = z.custom<GatewayId>((id) => typeof id === 'string' && isGatewayId(id), GATEWAY_ID);
const weight = z.number().min(0).max(MAX_WEIGHT);
const publicKey = z.custom<PublicKey>(
  (key) => typeof key === 'string' && isPublicKey(key),
  'a public key, 44 characters of base64',
);
/** Workers of freifunkMUC, by their names in topics. */
const workers = z
  .record(z.string(), z.strictObject({ weight: weight.default(1), public_key: publicKey.optional() }))
  .superRefine((named, context) => {
    for (const name of Object.keys(named))
      if (!isGatewayId(name)) context.addIssue({ code: 'custom', path: [name], message: GATEWAY_ID });
  });
const topicPrefix = z
  .string()
  .refine((text) => /^$|^[!-~]{0,63}\/$/.test(text) && !/^\$|[+#]/.test(text), 'a text such as "ffww/"');
const location = z.string().refine((text) => /^[!-~]{1,64}$/.test(text), 'a word such as "muc"');
const sender = z.string().transform((text, context) => {
  const parsed = parseSender(text);
  if (parsed === undefined)
    context.addIssue({
      code: 'custom',
      message: 'an address such as "vpn@example.org" or "Freifunk VPN <vpn@example.org>"',
    });
  return parsed ?? z.NEVER;
});
const mailHost = z
  .string()
  .refine((text) => isHostName(text) || isIP(text) !== 0, 'a name or an address such as "mail.example.org"');
const httpPath = z.string().refine((path) => HTTP_PATH.test(path), 'a path such as "/api/add_key"');

/** It stands on a public page. */
const pageTitle = z
  .string()
  .refine((text) => PAGE_TITLE.test(text) && text.trim() !== '', 'a text of 1 to 80 characters on one line');
const webAddress = z
  .string()
  .refine(
    (text) => /^https?:\/\/[^\s\p{Cc}]{1,500}$/u.test(text) && canParseUrl(text),
    'an address such as "https://freifunk.example/"',
  );

const limitsSchema = z.strictObject({
  connections: integer(1, MAX_CONNECTIONS).default(1000),
  connections_per_source: integer(1, MAX_CONNECTIONS).default(20),
  exchanges_per_source_burst: integer(1, 1_000_000).default(60),
  exchanges_per_source_per_second: z.number().min(0).max(1_000_000).default(1),
  exempt: z.array(network).default([]),
  line_bytes: integer(44, 4096).default(64),
  line_seconds: z.number().min(0.1).max(300).default(5),
});

const httpSchema = z.strictObject({
  listen: z.array(listenAddress).default([]),
  trusted_proxies: z.array(addressOrNetwork).default([]),
  default_domain: domainName.optional(),
  paths: z.array(httpPath).default([]),
});

const gatewaySchema = z.strictObject({
  name: hostName.optional(),
  weight: weight.default(1),
  location: location.optional(),
});

const mqttSchema = z.strictObject({
  url: z.array(brokerUrl).min(1),
  username: word.optional(),
  password_file: absolutePath.optional(),
  id: gatewayId.optional(),
  prefix: topicPrefix.default(''),
  fronts: z.array(gatewayId).default([]),
  workers: workers.default({}),
  ca: absolutePath.optional(),
});

const mailSchema = z
  .strictObject({
    host: mailHost.optional(),
    port: integer(1, 65_535).default(587),
    security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
    from: sender,
    username: word.optional(),
    password_file: absolutePath.optional(),
    language: z.enum(['en', 'de']).default('en'),
    per_hour: integer(1, 10_000).default(60),
  })
  .refine(({ host, security }) => security !== 'none' || host === undefined || isLoopback(host), {
    path: ['security'],
    message: '"starttls" or "tls", unless the host is localhost or an address of loopback',
  });

/** Every setting, with its permitted values and its default. */
export const configSchema = z
  .strictObject({
    listen: z.array(listenAddress).min(1).prefault(['[::]:10012']),
    handler: z.array(word).min(1).default(['sudo', '-n', '/usr/lib/wgkex/wgkex-handler']),
    disallowed_keys: absolutePath.default('/etc/wgkex/disallowed_keys'),
    static_keys: absolutePath.default('/etc/wgkex/static_keys'),
    router_names: absolutePath.default('/etc/wgkex/router_names'),
    state_directory: absolutePath.default('/var/lib/wgkex'),
    runtime_directory: absolutePath.default('/run/wgkex'),
    quiet_success: z.boolean().default(false),
    log: z
      .strictObject({
        level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
        addresses: z.enum(['full', 'prefix', 'none']).default('full'),
      })
      .prefault({}),
    metrics: z.strictObject({ listen: listenAddress.optional() }).prefault({}),
    gateway: gatewaySchema.prefault({}),
    http: httpSchema.optional(),
    mqtt: mqttSchema.optional(),
    limits: limitsSchema.prefault({}),
    cleanup: z
      .strictObject({
        stale_after_seconds: integer(1, MAX_SECONDS).default(3600),
        second_look_seconds: integer(0, MAX_SECONDS).default(900),
      })
      .prefault({}),
    mail: mailSchema.optional(),
    page: z.strictObject({ title: pageTitle.optional(), link: webAddress.optional() }).prefault({}),
    domains: z.record(z.string(), domainSchema).default({}),
  })
  .superRefine(({ domains, limits, mqtt }, context) => {
    if (mqtt !== undefined) requireFewNames(context, domains);
    requireLongLines(context, domains, limits.line_bytes);
    requireOnce(context, findInterfaces(domains), 'an interface that nothing else uses');
    requireOnce(context, findNames(domains), 'a name that no domain has already');
  });

type Domains = Readonly<Record<string, Domain>>;
/** A value and its place in the file. */
type Place = readonly [value: string, path: readonly (string | number)[]];

function findInterfaces(domains: Domains): Place[] {
  return Object.entries(domains).flatMap(([name, { wireguard, vxlan }]): Place[] => [
    [wireguard, ['domains', name, 'wireguard']],
    ...(vxlan === undefined ? [] : [[vxlan, ['domains', name, 'vxlan']] as const]),
  ]);
}

/** The domains' own names come first, so that the complaint is about the other name. */
function findNames(domains: Domains): Place[] {
  const own = Object.keys(domains).map((name): Place => [name, ['domains', name]]);
  const others = Object.entries(domains).flatMap(([domain, { names }]) =>
    names.map((name, index): Place => [name, ['domains', domain, 'names', index]]),
  );
  return [...own, ...others];
}

/** All names of a domain are in one message. */
function requireFewNames(context: z.RefinementCtx, domains: Domains): void {
  for (const [name, { names }] of Object.entries(domains))
    if (JSON.stringify(names).length > NAMES_BYTES)
      context.addIssue({
        code: 'custom',
        path: ['domains', name, 'names'],
        message: `with [mqtt] at most ${NAMES_BYTES} bytes of names`,
      });
}

/** A member's third line has its own length. */
function requireLongLines(context: z.RefinementCtx, domains: Domains, lineBytes: number): void {
  const isLeased = Object.values(domains).some(({ leased }) => leased !== undefined);
  if (isLeased && lineBytes < THIRD_LINE_BYTES)
    context.addIssue({
      code: 'custom',
      path: ['limits', 'line_bytes'],
      message: `${THIRD_LINE_BYTES} or more where a domain has a pool`,
    });
}

function requireOnce(context: z.RefinementCtx, places: readonly Place[], expected: string): void {
  const users = new Map<string, string>();
  for (const [value, path] of places) {
    const user = users.get(value);
    if (user === undefined) users.set(value, path.join('.'));
    else context.addIssue({ code: 'custom', path: [...path], message: `${expected} (${user} has it)` });
  }
}

function parseListenAddress(text: string): HostPort | undefined {
  const [, host, port] = text.match(/^(\[[0-9a-fA-F:.]+\]|[0-9.]+):(\d{1,5})$/) ?? [];
  const address = host?.replace(/[[\]]/g, '');
  if (address === undefined || isIP(address) === 0 || Number(port) > 65535) return undefined;
  return { host: address, port: Number(port) };
}

/** What is sent there in clear stays on this machine. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function canParseUrl(text: string): boolean {
  try {
    return new URL(text).hostname !== '';
  } catch {
    return false;
  }
}
