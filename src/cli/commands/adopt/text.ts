import type { Config, DomainConfig } from '../../../config/config.ts';
import type { Adoptee, Adoption, LeftOutReason } from '../../../core/operator/adoption.ts';
import type { RouterNames } from '../../../core/operator/router-names.ts';
import { renderLine } from '../../editing/text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { appendName } from '../../terminal/words.ts';

/** What `wgkex adopt` did, or would do. */
export interface Taken extends Adoption {
  readonly domain: DomainConfig;
  readonly config: Config;
  readonly dryRun: boolean;
  readonly names: RouterNames;
}

/** A line for each peer, then what to do next. */
export function renderAdoption(taken: Taken, terminal: Terminal): string[] {
  const { adopted, leftOut, domain, dryRun, config, names } = taken;
  const reasons = describeReasons(config);
  const lines = [
    ...adopted.map((one) => describeAdoptee(one, taken)),
    ...leftOut.map(({ key, why }) => `left out ${key}${appendName(names.get(key))}: ${reasons[why]}`),
    ...(adopted.length === 0 ? ['there are no peers to adopt'] : []),
  ].flatMap((text) => renderLine(domain.name, text, terminal));
  if (!dryRun) return lines;
  const more = adopted.length === 0 ? '' : ' To adopt them, add --yes.';
  return [...lines, terminal.paint('notice', `Nothing was changed.${more}`)];
}

function describeAdoptee({ peer: { key, hasKeepalive } }: Adoptee, { dryRun, names }: Taken): string {
  const keepalive = dryRun ? ', and clear its keepalive' : ', and cleared its keepalive';
  return `${dryRun ? 'would adopt' : 'adopted'} ${key}${appendName(names.get(key))}${hasKeepalive ? keepalive : ''}`;
}

function describeReasons({ disallowed_keys, static_keys }: Config): Record<LeftOutReason, string> {
  return {
    'not a peer': 'it is not a peer',
    'already ours': 'it already belongs to wgkex',
    disallowed: `it is in ${disallowed_keys}`,
    'static key': `it is in ${static_keys}`,
    'preshared key': 'it has a preshared key',
    'allowed IPs': 'its allowed IPs are not exactly its derived address',
  };
}

/** The document of `wgkex adopt --json`; its shape is fixed in wgkex(8). */
export function describeAdoption({ domain, dryRun, adopted, leftOut, names }: Taken, isGood: boolean): object {
  return {
    domain: domain.name,
    dry_run: dryRun,
    success: isGood,
    adopted: adopted.map(({ peer, router }) => ({
      key: peer.key,
      name: names.get(peer.key) ?? null,
      address: router.address,
      keepalive: peer.hasKeepalive,
    })),
    left_out: leftOut.map(({ key, why }) => ({ key, name: names.get(key) ?? null, kind: why })),
  };
}
