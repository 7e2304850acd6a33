import type { PeerOrder } from '../../core/operator/peer-order.ts';
import type { Call } from '../call.ts';
import { findDomains, readConfiguration } from '../reading/configuration.ts';
import { listPeers, readDomains, type StateOptions } from '../reading/peers.ts';
import { describePeer } from '../rendering/peer-json.ts';
import { renderPeers } from '../rendering/peers.ts';
import { complain, printJson, printLines } from '../rendering/print.ts';
import { findTerminal } from '../rendering/terminal.ts';

interface Options extends StateOptions {
  readonly sort: PeerOrder;
}

/** `wgkex peers`: a line for each peer. False where a domain cannot be read. */
export async function run({ args: [name], options }: Call<Options>): Promise<boolean> {
  const config = readConfiguration(options.config);
  const { readings, complaints } = await readDomains(findDomains(config, options.config, name), config);
  for (const complaint of complaints) complain(complaint);
  if (readings.length === 0) return false;
  const domains = readings.map((reading) => ({ reading, listed: listPeers(reading, options, options.sort) }));
  if (options.json) printJson({ peers: domains.flatMap(({ listed }) => listed.map(describePeer)) });
  else printLines(renderPeers(domains, findTerminal()));
  return complaints.length === 0;
}
