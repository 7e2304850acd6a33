import { isIP } from 'node:net';
import * as z from 'zod';
import { isGatewayId } from '../../../core/fleet/gateway-id.ts';
import { MAX_WEIGHT } from '../../../core/fleet/limits.ts';
import { describeFound, describePlace, findValue } from '../../../core/settings/explain.ts';
import { InputError } from '../../../core/values/errors.ts';
import { isDomainName } from '../../../core/values/names.ts';
import { isBrokerUrl } from './broker-urls.ts';

const PORT = 'a port, 1 to 65535';
const WEIGHT = `a whole number, 0 to ${MAX_WEIGHT}`;
/** Of freifunkMUC's broker and worker. */
const DEFAULT_MQTT_PORT = 1883;
/** As its README says. */
const DEFAULT_LISTEN = { host: '127.0.0.1', port: 5000 };

/** Digits in quotes count as a number: Python's int() takes both. */
const number = (schema: z.ZodInt) =>
  z.preprocess((value) => (typeof value === 'string' && /^\d{1,7}$/.test(value) ? Number(value) : value), schema);
const port = number(z.int(PORT).min(1, PORT).max(65_535, PORT));
const domain = z.string('a text').refine(isDomainName, 'a lower-case name such as "ffmuc_welt"');
const prefix = z.string('a text').min(1, 'a text such as "ffmuc_"');
const printable = z.string('a text').refine((text) => /^[^\p{Cc}\p{Cs}]+$/u.test(text), 'a text on one line');
const listenHost = z
  .string('an address such as "0.0.0.0"')
  .transform((host) => (host === 'localhost' ? DEFAULT_LISTEN.host : host))
  .refine((host) => isIP(host) !== 0 && !host.includes('%'), 'an address such as "0.0.0.0"');

const worker = z.object(
  { weight: number(z.int(WEIGHT).min(0, WEIGHT).max(MAX_WEIGHT, WEIGHT)).nullable() },
  'a table such as { weight: 30 }',
);

const mqtt = z.object(
  {
    broker_url: z
      .string('a host name or an address')
      .refine((host) => isBrokerUrl('mqtts', host, DEFAULT_MQTT_PORT), 'a host name or an address'),
    broker_port: port.nullish().transform((given) => given ?? DEFAULT_MQTT_PORT),
    username: z.union([z.literal(''), printable], 'a text on one line').nullish(),
    /** Only whether there is one: nothing prints it. */
    password: z
      .unknown()
      .optional()
      .transform((value) => value !== undefined && value !== null && value !== ''),
    keepalive: z.unknown().optional(),
    tls: z.boolean('true or false').nullish(),
  },
  'a table with broker_url',
);

const brokerListen = z
  .object({ host: listenHost.nullish(), port: port.nullish() }, 'a table with host and port')
  .transform(({ host, port }) => ({ host: host ?? DEFAULT_LISTEN.host, port: port ?? DEFAULT_LISTEN.port }));

const schema = z.object(
  {
    domains: z.array(domain, 'a list of domains').min(1, 'a list of domains'),
    domain_prefixes: z.array(prefix, 'a list of prefixes').min(1, 'a list of prefixes'),
    workers: z
      .record(z.string().refine(isGatewayId, 'the name of a host'), worker, {
        error: ({ code }) => (code === 'invalid_key' ? 'the name of a host' : 'a table of workers'),
      })
      .nullish()
      // Its broker takes 0 and nothing as 1.
      .transform((workers) => new Map(Object.entries(workers ?? {}).map(([name, { weight }]) => [name, weight || 1]))),
    externalName: z.string('a text').nullish(),
    mqtt: mqtt.nullish(),
    broker_listen: brokerListen.nullish(),
    log_level: z.unknown().optional(),
    logging_config: z.unknown().optional(),
  },
  'a table with domains, domain_prefixes and mqtt',
);

/** What freifunkMUC's broker and worker read, with their defaults. */
export type FfmucConfig = Readonly<z.infer<typeof schema>> & {
  /** Settings that neither of them has. */
  readonly unknown: readonly string[];
};

/** @throws InputError with the setting, what was expected and what was found: below `mqtt` only what kind of thing. */
export function readFfmucConfig(document: unknown): FfmucConfig {
  const result = schema.safeParse(document);
  if (result.success) return { ...result.data, unknown: findUnknown(document) };
  const [{ path, message } = { path: [], message: '' }] = result.error.issues;
  const place = path.length === 0 ? '' : `${describePlace(path)}: `;
  throw new InputError(`${place}expected ${message}, found ${describe(findValue(document, path), path[0] === 'mqtt')}`);
}

/** A name that is not a word may be a password and a missing blank. */
function findUnknown(document: unknown): string[] {
  const { mqtt: broker, broker_listen: listen } = document as Record<string, unknown>;
  const inner = brokerListen.in as z.ZodObject;
  return [
    ...listOthers(document, schema.shape),
    ...listOthers(broker, mqtt.shape).map((name) => `mqtt.${name}`),
    ...listOthers(listen, inner.shape).map((name) => `broker_listen.${name}`),
  ];
}

function listOthers(table: unknown, known: object): string[] {
  const names = Object.keys(table ?? {}).filter((name) => !Object.hasOwn(known, name));
  return names.map((name) => (/^[\w-]{1,64}$/.test(name) ? name : 'a name that is not a word'));
}

function describe(found: unknown, isSecret: boolean): string {
  if (found === undefined || found === null) return 'nothing';
  if (Array.isArray(found)) return 'a list';
  if (typeof found === 'object') return 'a table';
  return isSecret ? `a ${typeof found === 'string' ? 'text' : typeof found}` : describeFound(found);
}
