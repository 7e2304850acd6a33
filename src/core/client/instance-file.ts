import { stringify } from 'smol-toml';
import * as z from 'zod';
import { describeIssue } from '../settings/explain.ts';
import { parseToml } from '../settings/toml.ts';
import { describeError, InputError } from '../values/errors.ts';
import { formatHostPort, type HostPort } from '../values/host-port.ts';
import { isDomainName } from '../values/names.ts';
import { INSTANCE_DIRECTORY } from './installation.ts';
import { type Instance, type InstanceName, OVER_TCP, parseGateway, type Traffic } from './instance.ts';

export const DEFAULT_SAMPLE = 3;

const MOST_GATEWAYS = 16;
export const MOST_SAMPLE = MOST_GATEWAYS;

const gateway = z.string().transform((text, context): HostPort => {
  try {
    return parseGateway(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: describeError(error).replace(/^.*: expected /, '') });
    return z.NEVER;
  }
});

const instanceSchema = z
  .strictObject({
    gateways: z.array(gateway).min(1).max(MOST_GATEWAYS),
    domain: z.string().refine(isDomainName, 'a lower-case name such as "members"'),
    all_traffic: z.boolean().default(false),
    proxy_only: z.boolean().default(false),
    over_tcp: z.enum(OVER_TCP).default('auto'),
    sample: z.int().min(1).max(MOST_SAMPLE).default(DEFAULT_SAMPLE),
  })
  .superRefine(({ gateways, all_traffic, proxy_only }, context) => {
    const texts = gateways.map((one) => formatHostPort(one).toLowerCase());
    const second = texts.findIndex((text, index) => texts.indexOf(text) < index);
    if (second >= 0) context.addIssue({ code: 'custom', path: ['gateways', second], message: 'each gateway once' });
    if (all_traffic && proxy_only)
      context.addIssue({ code: 'custom', path: ['proxy_only'], message: 'false where all_traffic is true' });
  });

/**
 * Parses root's file for a tunnel.
 * @throws InputError with one line that names the file, the setting, what was expected and what was found.
 */
export function parseInstance(name: InstanceName, toml: string): Instance {
  const path = deriveInstanceFile(name);
  const document = parseToml(toml, path);
  const result = instanceSchema.safeParse(document);
  if (!result.success) throw new InputError(`${path}: ${describeIssue(result.error.issues, document)}`);
  const { gateways, domain, over_tcp: overTcp, sample } = result.data;
  return {
    name,
    gateways: gateways as [HostPort, ...HostPort[]],
    domain,
    traffic: findTraffic(result.data),
    overTcp,
    sample,
  };
}

/** The inverse of {@link parseInstance}, with every setting. */
export function formatInstance({ gateways, domain, traffic, overTcp, sample }: Instance): string {
  const settings = {
    gateways: gateways.map(formatHostPort),
    domain,
    all_traffic: traffic === 'all',
    proxy_only: traffic === 'proxy',
    over_tcp: overTcp,
    sample,
  };
  return stringify(settings);
}

export function deriveInstanceFile(name: InstanceName): string {
  return `${INSTANCE_DIRECTORY}/${name}.toml`;
}

function findTraffic({ all_traffic, proxy_only }: z.infer<typeof instanceSchema>): Traffic {
  if (all_traffic) return 'all';
  return proxy_only ? 'proxy' : 'routes';
}
