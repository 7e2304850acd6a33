import { setTimeout as sleep } from 'node:timers/promises';
import { exitWithUsageError } from '../../../command-line.ts';
import type { Config, DomainConfig } from '../../../config/config.ts';
import type { PeerOrder } from '../../../core/operator/peer-order.ts';
import { InputError } from '../../../core/values/errors.ts';
import { quote } from '../../../core/values/quote.ts';
import { findDomains, readConfiguration } from '../../gateway/configuration.ts';
import { type FilterOptions, prepareReadings, selectPeers } from '../../gateway/peers.ts';
import { TrafficMeter } from '../../gateway/rates.ts';
import { type Call, PROGRAM, readWord } from '../../terminal/call.ts';
import { complain, printJson } from '../../terminal/print.ts';
import { showFrames } from './frames.ts';
import { describeFrame } from './json.ts';
import { compareWatched } from './orders.ts';
import type { Frame } from './text.ts';

interface Options extends FilterOptions {
  readonly sort: PeerOrder;
  readonly interval: string;
}

type Look = () => Promise<Frame>;

const LEAST_SECONDS = 0.2;
const MOST_SECONDS = 3600;

/** `wgkex watch`: show the peers and their traffic, refreshed until the operator quits. */
export async function run({ args: [name], options }: Call<Options>): Promise<boolean> {
  const intervalSeconds = readWord(parseInterval, options.interval);
  const config = readConfiguration(options.config);
  const look = prepareLook(findDomains(config, options.config, name), config, options, intervalSeconds);
  if (options.json) return printFrames(look, options.sort, intervalSeconds);
  if (!process.stdout.isTTY) exitWithUsageError(PROGRAM, 'watch needs a terminal, or --json');
  if (process.env['TERM'] === 'dumb')
    exitWithUsageError(PROGRAM, 'watch cannot draw on a terminal with TERM=dumb; use --json or wgkex peers');
  await showFrames(look, options.sort);
  return true;
}

function prepareLook(
  domains: readonly DomainConfig[],
  config: Config,
  options: Options,
  intervalSeconds: number,
): Look {
  const meter = new TrafficMeter();
  const read = prepareReadings(domains, config);
  return async () => {
    const { readings, complaints, warnings } = await read();
    meter.update(readings);
    const listed = readings.flatMap((reading) => selectPeers(reading, options));
    const watched = listed.map((peer) => ({ ...peer, rate: meter.find(peer) }));
    return {
      at: Date.now() / 1000,
      intervalSeconds,
      watched,
      hasDomains: domains.length > 1,
      complaints: [...complaints, ...warnings],
    };
  };
}

/** Ends when it is killed, or when its reader is gone. */
async function printFrames(look: Look, order: PeerOrder, intervalSeconds: number): Promise<never> {
  const compare = compareWatched(order);
  for (;;) {
    const frame = await look();
    printJson(describeFrame({ ...frame, watched: [...frame.watched].sort(compare) }));
    for (const complaint of frame.complaints) complain(complaint);
    await sleep(intervalSeconds * 1000);
  }
}

function parseInterval(text: string): number {
  const seconds = Number(text);
  if (seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS) return seconds;
  throw new InputError(
    `Cannot use ${quote(text)} as an interval: expected ${LEAST_SECONDS} to ${MOST_SECONDS} seconds`,
  );
}
