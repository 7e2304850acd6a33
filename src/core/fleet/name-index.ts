import type { DomainName } from '../values/names.ts';

/** Which domain each name stands for, as the gateways claim it. */
export class NameIndex {
  /** The other names of each domain, by gateway. */
  readonly #claims = new Map<DomainName, Map<string, readonly DomainName[]>>();
  /** The domains that claim each name; made when it is needed. */
  #domains: ReadonlyMap<string, ReadonlySet<DomainName>> | undefined;

  clear(): void {
    this.#claims.clear();
    this.#domains = undefined;
  }

  claim(gateway: string, domain: DomainName, names: readonly DomainName[]): void {
    const claims = this.#claims.get(domain) ?? new Map<string, readonly DomainName[]>();
    if (claims.get(gateway)?.join() === names.join()) return;
    this.#claims.set(domain, claims.set(gateway, names));
    this.#domains = undefined;
  }

  drop(gateway: string, domain: DomainName): void {
    const claims = this.#claims.get(domain);
    claims?.delete(gateway);
    if (claims?.size === 0) this.#claims.delete(domain);
    this.#domains = undefined;
  }

  /** Undefined if no domain has the name, or two claim it. */
  find(name: string): DomainName | undefined {
    const [domain, ...others] = this.#findDomains().get(name) ?? [];
    return others.length === 0 ? domain : undefined;
  }

  findDisputed(): string[] {
    return [...this.#findDomains()].filter(([, domains]) => domains.size > 1).map(([name]) => name);
  }

  #findDomains(): ReadonlyMap<string, ReadonlySet<DomainName>> {
    this.#domains ??= buildIndex(this.#claims);
    return this.#domains;
  }
}

function buildIndex(claims: ReadonlyMap<DomainName, ReadonlyMap<string, readonly DomainName[]>>) {
  const index = new Map<string, Set<DomainName>>();
  for (const [domain, byGateway] of claims)
    for (const name of new Set([domain, ...[...byGateway.values()].flat()]))
      index.set(name, (index.get(name) ?? new Set()).add(domain));
  return index;
}
