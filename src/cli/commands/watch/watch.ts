import { setTimeout as sleep } from 'node:timers/promises';
import { exitWithUsageError } from '../../../command-line.ts';
import type { Config, DomainConfig } from '../../../config/config.ts';
import { comparePeers } from '../../../core/operator/compare-peers.ts';
import type { PeerOrder } from '../../../core/operator/peer-order.ts';
import { InputError } from '../../../core/values/errors.ts';
import { quote } from '../../../core/values/quote.ts';
import { findDomains, readConfiguration } from '../../gateway/configuration.ts';
import { listPeers, readDomains, type StateOptions } from '../../gateway/peers.ts';
import { TrafficMeter } from '../../gateway/rates.ts';
import { type Call, PROGRAM, readWord } from '../../terminal/call.ts';
import { complain, printJson } from '../../terminal/print.ts';
import { Screen } from '../../terminal/screen.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeFrame, type Frame, renderFrame, type WatchedPeer } from './text.ts';

interface Options extends StateOptions {
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
  if (options.json) return printFrames(look, intervalSeconds);
  if (!process.stdout.isTTY) exitWithUsageError(PROGRAM, 'watch needs a terminal, or --json');
  await drawFrames(look, intervalSeconds);
  return true;
}

function prepareLook(
  domains: readonly DomainConfig[],
  config: Config,
  options: Options,
  intervalSeconds: number,
): Look {
  const meter = new TrafficMeter();
  const compare = compareWatched(options.sort);
  return async () => {
    const { readings, complaints } = await readDomains(domains, config);
    meter.update(readings);
    const listed = readings.flatMap((reading) => listPeers(reading, options, options.sort));
    const watched = listed.map((peer) => ({ ...peer, rate: meter.find(peer) })).sort(compare);
    return { at: Date.now() / 1000, intervalSeconds, watched, hasDomains: domains.length > 1, complaints };
  };
}

/** Traffic here means the current rate. */
function compareWatched(order: PeerOrder): (one: WatchedPeer, other: WatchedPeer) => number {
  const compare = comparePeers(order);
  const flow = ({ rate }: WatchedPeer) => (order !== 'traffic' || rate === undefined ? 0 : rate.received + rate.sent);
  return (one, other) => flow(other) - flow(one) || compare(one.peer, other.peer);
}

async function drawFrames(look: Look, intervalSeconds: number): Promise<void> {
  const screen = new Screen();
  try {
    while (!screen.quit.aborted) {
      const frame = await look();
      screen.show(() => renderFrame(frame, findTerminal(), screen.height));
      await sleep(intervalSeconds * 1000, undefined, { signal: screen.quit }).catch(() => {});
    }
  } finally {
    screen.close();
  }
}

/** Ends when it is killed, or when its reader is gone. */
async function printFrames(look: Look, intervalSeconds: number): Promise<never> {
  for (;;) {
    const frame = await look();
    printJson(describeFrame(frame));
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
