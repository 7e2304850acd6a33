import { findConcerns } from '../attention.ts';
import type { Call } from '../call.ts';
import { findDomains, readConfiguration } from '../reading/configuration.ts';
import { readGateway } from '../reading/gateway.ts';
import { printJson, printLines } from '../rendering/print.ts';
import { renderStatus } from '../rendering/status.ts';
import { describeStatus } from '../rendering/status-json.ts';
import { findTerminal } from '../rendering/terminal.ts';

/** `wgkex status`: the whole gateway at a glance. False where something needs attention. */
export async function run({ options }: Call): Promise<boolean> {
  const config = readConfiguration(options.config);
  const status = await readGateway(findDomains(config, options.config, undefined), config);
  const concerns = findConcerns(status);
  if (options.json) printJson(describeStatus(status, concerns));
  else printLines(renderStatus(status, concerns, findTerminal()));
  return concerns.length === 0;
}
