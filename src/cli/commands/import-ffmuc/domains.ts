import { describeFound } from '../../../core/settings/explain.ts';
import { InputError } from '../../../core/values/errors.ts';
import { type DomainName, isInterfaceName } from '../../../core/values/names.ts';
import type { FfmucConfig } from './ffmuc-config.ts';
import type { Part } from './part.ts';
import type { Table } from './toml.ts';

/** What its worker does for every peer: its derivation, a flood entry and a route. */
const AS_ITS_WORKER: Table['settings'] = [
  ['address', 'ffmuc'],
  ['fdb', ['flood']],
  ['route', true],
];

/** `[domains.…]`: its worker cuts the first prefix that fits, and puts `wg-` and `vx-` before the rest. */
export function translateDomains({ domains, domain_prefixes: prefixes }: FfmucConfig): Part {
  const rests = new Map<string, number>();
  const tables = domains.map((domain, index): Table => {
    const rest = cutPrefix(domain, prefixes, index);
    const other = rests.get(rest);
    if (other !== undefined) refuse(index, `an interface of its own, as domains.${other} has wg-${rest}`, domain);
    rests.set(rest, index);
    return {
      name: `domains.${domain}`,
      settings: [['wireguard', `wg-${rest}`], ['vxlan', `vx-${rest}`], ...AS_ITS_WORKER],
    };
  });
  const broken = [...rests].flatMap(([rest, index]) => (rest.includes('-') ? [domains[index] ?? ''] : []));
  const text = `freifunkMUC's worker stops at a key for ${broken.join(', ')}, for the "-" in it`;
  return { tables, notes: broken.length === 0 ? [] : [{ setting: 'domains', text }] };
}

function cutPrefix(domain: DomainName, prefixes: readonly string[], index: number): string {
  const prefix = prefixes.find((one) => domain.startsWith(one) && domain !== one);
  if (prefix === undefined) return refuse(index, 'one of domain_prefixes and a name', domain);
  const rest = domain.slice(prefix.length);
  if (!isInterfaceName(`wg-${rest}`))
    return refuse(index, `an interface of 1 to 15 bytes, as wg-${rest} is not`, domain);
  return rest;
}

function refuse(index: number, expected: string, domain: string): never {
  throw new InputError(`domains.${index}: expected ${expected}, found ${describeFound(domain)}`);
}
