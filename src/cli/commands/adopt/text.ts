import type { Config, DomainConfig } from '../../../config/config.ts';
import type { Adoptee, Adoption, LeftOutReason } from '../../../core/operator/adoption.ts';
import { renderLine } from '../../editing/text.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** What `wgkex adopt` did, or would do. */
export interface Taken extends Adoption {
  readonly domain: DomainConfig;
  readonly config: Config;
  readonly dryRun: boolean;
}

/** A line for each peer, then what to do next. */
export function renderAdoption(taken: Taken, terminal: Terminal): string[] {
  const { adopted, leftOut, dryRun, domain, config } = taken;
  const reasons = describeReasons(config);
  const lines = [
    ...adopted.map((one) => describeAdoptee(one, dryRun)),
    ...leftOut.map(({ key, why }) => `left out ${key}: ${reasons[why]}`),
    ...(adopted.length === 0 ? ['there are no peers to adopt'] : []),
  ].flatMap((text) => renderLine(domain.name, text, terminal));
  if (!dryRun) return lines;
  const more = adopted.length === 0 ? '' : ' To adopt them, add --yes.';
  return [...lines, terminal.paint('notice', `Nothing was changed.${more}`)];
}

function describeAdoptee({ peer: { key, hasKeepalive } }: Adoptee, dryRun: boolean): string {
  const keepalive = dryRun ? ', and clear its keepalive' : ', and cleared its keepalive';
  return `${dryRun ? 'would adopt' : 'adopted'} ${key}${hasKeepalive ? keepalive : ''}`;
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
export function describeAdoption({ domain, dryRun, adopted, leftOut }: Taken, isGood: boolean): object {
  return {
    domain: domain.name,
    dry_run: dryRun,
    success: isGood,
    adopted: adopted.map(({ peer, router }) => ({
      key: peer.key,
      address: router.address,
      keepalive: peer.hasKeepalive,
    })),
    left_out: leftOut.map(({ key, why }) => ({ key, kind: why })),
  };
}
