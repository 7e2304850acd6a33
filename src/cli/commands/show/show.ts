import type { JournalEntry } from '../../../core/host/journal.ts';
import { parseRouterQuery, type RouterQuery } from '../../../core/operator/router-query.ts';
import { SHORT_KEY_CHARACTERS } from '../../../core/values/public-key.ts';
import { searchJournal } from '../../../system/host/journal.ts';
import { readOwnAddresses } from '../../../system/kernel/links.ts';
import { findDomains, readConfiguration } from '../../gateway/configuration.ts';
import { readDomains } from '../../gateway/peers.ts';
import { findRouters } from '../../gateway/router.ts';
import { type Call, readWord } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeAnswer } from './json.ts';
import { renderAnswer } from './text.ts';

/** `wgkex show ROUTER`: everything known about it. False if it is not there or a domain cannot be read. */
export async function run({ args: [text = ''], options }: Call): Promise<boolean> {
  const query = readWord(parseRouterQuery, text);
  const config = readConfiguration(options.config);
  const { readings, complaints } = await readDomains(findDomains(config, options.config, undefined), config);
  for (const complaint of complaints) complain(complaint);
  if (readings.length === 0) return false;
  const ownAddresses = readOwnAddresses();
  const routers = findRouters(query, readings, config);
  const isFound = routers.some(({ memberships }) => memberships.some(({ listed }) => listed !== undefined));
  const journal = isFound ? undefined : await askJournal(query);
  const isOwn = query.kind === 'address' && ownAddresses.has(query.address);
  const answer = { asked: text, query, config, readings, routers, isFound, isOwn, journal };
  if (options.json) printJson(describeAnswer(answer));
  else printLines(renderAnswer(answer, findTerminal()));
  return isFound && complaints.length === 0;
}

/** Recent log lines about the router; the log abbreviates keys. */
async function askJournal(query: RouterQuery): Promise<readonly JournalEntry[] | Error> {
  try {
    return await searchJournal(findLogWord(query));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function findLogWord(query: RouterQuery): string {
  switch (query.kind) {
    case 'key':
      return query.key.slice(0, SHORT_KEY_CHARACTERS);
    case 'beginning':
      return query.beginning.slice(0, SHORT_KEY_CHARACTERS);
    case 'address':
      return query.address;
    case 'mac':
      return query.mac;
  }
}
