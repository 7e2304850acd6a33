import type { PeerOrder } from '../../../core/operator/peer-order.ts';
import { findDomains, readConfiguration } from '../../gateway/configuration.ts';
import { listPeers, readDomains, type StateOptions } from '../../gateway/peers.ts';
import type { Call } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describePeer } from '../../views/peer-json.ts';
import { renderPeers } from '../../views/peers.ts';

interface Options extends StateOptions {
  readonly sort: PeerOrder;
}

/** `wgkex peers`: a line for each peer. False if a domain cannot be read. */
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
