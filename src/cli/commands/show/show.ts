import type { Config } from '../../../config/config.ts';
import type { JournalEntry } from '../../../core/host/journal.ts';
import { parseRouterQuery, type RouterQuery } from '../../../core/operator/router-query.ts';
import { SHORT_KEY_CHARACTERS } from '../../../core/values/public-key.ts';
import { searchJournal } from '../../../system/host/journal.ts';
import { readOwnAddresses } from '../../../system/kernel/links.ts';
import { findDomains, readConfiguration } from '../../gateway/configuration.ts';
import type { DomainReading } from '../../gateway/domain.ts';
import { readMeshes } from '../../gateway/mesh.ts';
import { readDomains } from '../../gateway/peers.ts';
import { type Answer, findRouters, type LeasesOf, type RouterReading } from '../../gateway/router.ts';
import { type Call, readWord } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeAnswer } from './json.ts';
import { renderAnswer } from './text.ts';

/** `wgkex show ROUTER`: everything known about it. False if it is not there or a domain cannot be read. */
export async function run({ args: [text = ''], options }: Call): Promise<boolean> {
  const query = readWord(parseRouterQuery, text);
  const config = readConfiguration(options.config);
  const { readings, complaints, warnings } = await readDomains(findDomains(config, options.config, undefined), config);
  for (const complaint of [...complaints, ...warnings]) complain(complaint);
  if (readings.length === 0) return false;
  const ownAddresses = readOwnAddresses();
  const leases = await readLeases(readings, config);
  const routers = findRouters(query, readings, config, leases);
  const isFound = routers.some(({ memberships }) => memberships.some(({ listed }) => listed !== undefined));
  const word = findLogWord(query, routers);
  const journal = isFound || word === undefined ? undefined : await askJournal(word);
  const isOwn = query.kind === 'address' && ownAddresses.has(query.address);
  const meshes = await readMeshesOf(routers);
  const answer = { asked: text, query, config, readings, routers, isFound, isOwn, meshes, journal };
  if (options.json) printJson(describeAnswer(answer));
  else printLines(renderAnswer(answer, findTerminal()));
  return isFound && complaints.length === 0;
}

/** Without a domain that has leases nothing of them is loaded. */
async function readLeases(readings: readonly DomainReading[], config: Config): Promise<LeasesOf> {
  if (readings.every(({ domain }) => domain.leased === undefined)) return new Map();
  const { readLeasesOf } = await import('../../members/key-leases.ts');
  return readLeasesOf(readings, config);
}

/** Of the domains where a router is a peer; what cannot be read is left out, as everything else is still worth knowing. */
async function readMeshesOf(routers: readonly RouterReading[]): Promise<Answer['meshes']> {
  const present = routers.flatMap(({ memberships }) => memberships.filter(({ listed }) => listed !== undefined));
  const domains = new Set(present.map(({ reading }) => reading.domain));
  if (domains.size === 0) return new Map();
  return (await readMeshes([...domains])).meshes;
}

/** Recent log lines about the router. */
async function askJournal(word: string): Promise<readonly JournalEntry[] | Error> {
  try {
    return await searchJournal(word);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The log abbreviates keys, and the service knows no names. Undefined if a name means several routers, or none. */
function findLogWord(query: RouterQuery, routers: readonly RouterReading[]): string | undefined {
  const key = routers.length === 1 ? routers[0]?.key : undefined;
  switch (query.kind) {
    case 'key':
      return query.key.slice(0, SHORT_KEY_CHARACTERS);
    case 'beginning':
      return (key ?? query.beginning).slice(0, SHORT_KEY_CHARACTERS);
    case 'name':
      return key?.slice(0, SHORT_KEY_CHARACTERS);
    case 'address':
      return query.address;
    case 'mac':
      return query.mac;
  }
}
