import { exitWithUsageError } from '../../../command-line.ts';
import type { Config } from '../../../config/config.ts';
import type { History } from '../../../core/peers/history.ts';
import { describeError } from '../../../core/values/errors.ts';
import type { DomainName } from '../../../core/values/names.ts';
import { publishFile } from '../../../system/host/publish-file.ts';
import { HistoryFile } from '../../../system/store/history-file.ts';
import { type FleetSummary, summariseFleet } from '../../fleet/summary.ts';
import { findConcerns } from '../../gateway/attention.ts';
import type { Concern } from '../../gateway/concern.ts';
import { findDomains, readConfiguration } from '../../gateway/configuration.ts';
import { type GatewayStatus, readGateway } from '../../gateway/gateway.ts';
import { summariseLeases } from '../../members/summary.ts';
import { findFacts } from '../../page/facts.ts';
import { renderPage } from '../../page/page.ts';
import { type Call, PROGRAM } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeStatus } from './json.ts';
import { renderStatus } from './text.ts';

/** A file of this name is `./-`. */
const STANDARD_OUTPUT = '-';

interface Options {
  /** The file to write a public page to; {@link STANDARD_OUTPUT} for a pipe. */
  readonly html?: string;
}

/** `wgkex status`: the whole gateway at a glance. False if something needs attention. */
export async function run({ options }: Call<Options>): Promise<boolean> {
  if (options.html !== undefined && options.json)
    exitWithUsageError(PROGRAM, '--html and --json are mutually exclusive');
  const config = readConfiguration(options.config);
  const domains =
    config.mqtt === undefined || config.domains.size > 0 ? findDomains(config, options.config, undefined) : [];
  const [status, fleet] = await Promise.all([readGateway(domains, config), summariseFleet(config)]);
  const leases = await summariseLeases(status, config);
  const own = [...findConcerns(status), ...(leases?.concerns ?? [])];
  if (options.html !== undefined) return publish(status, own, { config, fleet }, options.html);
  // Mails are nothing for visitors of the page.
  const concerns = [...own, ...(leases?.mail?.concerns ?? []), ...(fleet?.concerns ?? [])];
  if (options.json) printJson(describeStatus(status, concerns, { fleet, leases }));
  else printLines(renderStatus(status, concerns, findTerminal(), { fleet, leases }));
  return concerns.length === 0;
}

interface PageContext {
  readonly config: Config;
  readonly fleet: FleetSummary | undefined;
}

/** A written page is success, whatever it reports: a timer that writes the page must not fail for that. */
function publish(
  status: GatewayStatus,
  own: readonly Concern[],
  { config, fleet }: PageContext,
  path: string,
): boolean {
  for (const { reading } of status.domains) if (reading instanceof Error) complain(reading.message);
  const findHistory = (domain: DomainName) => readHistory(config, domain);
  // The unit of the page may not be allowed to ask the broker; that is nothing for visitors.
  const concerns = [...own, ...(fleet?.counts === undefined ? [] : fleet.concerns)];
  const sources = { community: config.page, findHistory, fleet: fleet?.counts };
  const page = renderPage(findFacts(status, concerns, sources));
  if (path === STANDARD_OUTPUT) process.stdout.write(page);
  else publishFile(path, page);
  return true;
}

/** Complains if it cannot be read; the page then does without. */
function readHistory({ state_directory }: Config, domain: DomainName): History | undefined {
  try {
    return new HistoryFile(state_directory, domain).read();
  } catch (error) {
    complain(describeError(error));
    return undefined;
  }
}
