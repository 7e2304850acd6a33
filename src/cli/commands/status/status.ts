import { exitWithUsageError } from '../../../command-line.ts';
import { publishFile } from '../../../system/host/publish-file.ts';
import { type Concern, findConcerns } from '../../gateway/attention.ts';
import { findDomains, readConfiguration } from '../../gateway/configuration.ts';
import { type GatewayStatus, readGateway } from '../../gateway/gateway.ts';
import { findFacts } from '../../page/facts.ts';
import { renderPage } from '../../page/page.ts';
import { type Call, PROGRAM } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeStatus } from './json.ts';
import { renderStatus } from './text.ts';

interface Options {
  /** The file to write a public page to. */
  readonly html?: string;
}

/** `wgkex status`: the whole gateway at a glance. False if something needs attention. */
export async function run({ options }: Call<Options>): Promise<boolean> {
  if (options.html !== undefined && options.json)
    exitWithUsageError(PROGRAM, '--html and --json are mutually exclusive');
  const config = readConfiguration(options.config);
  const status = await readGateway(findDomains(config, options.config, undefined), config);
  const concerns = findConcerns(status);
  if (options.html !== undefined) return publish(status, concerns, options.html);
  if (options.json) printJson(describeStatus(status, concerns));
  else printLines(renderStatus(status, concerns, findTerminal()));
  return concerns.length === 0;
}

/** A written page is success, whatever it reports: a timer that writes the page must not fail for that. */
function publish(status: GatewayStatus, concerns: readonly Concern[], path: string): boolean {
  for (const { reading } of status.domains) if (reading instanceof Error) complain(reading.message);
  publishFile(path, renderPage(findFacts(status, concerns)));
  return true;
}
