import { readFileSync } from 'node:fs';
import type { TomlTable } from 'smol-toml';
import type * as z from 'zod';
import { describeFound, describeIssue, describePlace } from '../core/settings/explain.ts';
import { parseToml } from '../core/settings/toml.ts';
import { describeSystemError, InputError } from '../core/values/errors.ts';
import { type DomainName, type InterfaceName, isDomainName, parseDomainName } from '../core/values/names.ts';
import type { Domain, LeaseSettings } from './domains.ts';
import { configSchema } from './schema.ts';

/** A domain and how it is served; see wgkex.toml(5) for every setting. */
export type DomainConfig = Domain & { readonly name: DomainName };

/** A domain of the mesh. */
export type MeshConfig = DomainConfig & { readonly vxlan: InterfaceName };

export function isMesh(domain: DomainConfig): domain is MeshConfig {
  return domain.vxlan !== undefined;
}

/** A domain that has leases. */
export type LeasedConfig = DomainConfig & { readonly leased: LeaseSettings };

export function isLeased(domain: DomainConfig): domain is LeasedConfig {
  return domain.leased !== undefined;
}

/** Whether any domain has leases. */
export function hasLeases({ domains }: Pick<Config, 'domains'>): boolean {
  return [...domains.values()].some(isLeased);
}

/** The interfaces that a domain needs, each with what it is. */
export function listInterfaces({ wireguard, vxlan }: DomainConfig): [kind: 'WireGuard' | 'VXLAN', InterfaceName][] {
  return vxlan === undefined
    ? [['WireGuard', wireguard]]
    : [
        ['WireGuard', wireguard],
        ['VXLAN', vxlan],
      ];
}

export interface Config extends Omit<z.infer<typeof configSchema>, 'domains'> {
  readonly domains: ReadonlyMap<string, DomainConfig>;
  /** The settings that the file itself contains: a list that it names must exist. */
  readonly named: ReadonlySet<string>;
}

/** How long after its last handshake a peer is stale; a member with a lease never is. */
export function findStaleAfterSeconds({ leased }: DomainConfig, { cleanup }: Pick<Config, 'cleanup'>): number {
  return leased === undefined ? cleanup.stale_after_seconds : Number.POSITIVE_INFINITY;
}

/** @throws InputError with one line that names the file, the setting, what was expected and what was found. */
export function loadConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
  return parseConfig(text, path);
}

/** {@link loadConfig} for a text that has been read already; `path` is for the errors. */
export function parseConfig(text: string, path: string): Config {
  const document = parseToml(text, path);
  requireDomainNames(document, path);
  const result = configSchema.safeParse(document);
  if (!result.success) throw new InputError(`${path}: ${describeIssue(result.error.issues, document)}`);
  const domains = Object.entries(result.data.domains).map(
    ([name, domain]) => [name, { ...domain, name: parseDomainName(name) }] as const,
  );
  return { ...result.data, domains: new Map(domains), named: new Set(Object.keys(document)) };
}

/** The domain that has this name, as its own or as one of its `names`. */
export function findDomain({ domains }: Pick<Config, 'domains'>, name: string): DomainConfig | undefined {
  return domains.get(name) ?? [...domains.values()].find(({ names }) => names.some((one) => one === name));
}

/** Runs before zod, which silently skips a table named `__proto__`. */
function requireDomainNames({ domains }: TomlTable, path: string): void {
  if (typeof domains !== 'object') return;
  for (const [name, domain] of Object.entries(domains)) {
    if (isDomainName(name)) continue;
    throw new InputError(
      `${path}: ${describePlace(['domains', name])}: expected a lower-case name such as "ffww01", found ${describeFound(domain)}`,
    );
  }
}
