import { eventually, pause } from '../lab/commands.ts';
import { DOMAIN, SECOND_LOOK_SECONDS, STALE_AFTER_SECONDS, type Stage } from './gateway.ts';
import type { Router } from './router.ts';
import { confirm, say, showHeading } from './terminal.ts';

const CLEANUP = `/usr/lib/wgkex/wgkex-cleanup ${DOMAIN}`;
const FINISHED = `cleanup finished ${DOMAIN} `;

/** Lets one router disappear, and shows that the cleanup removes it and not the other one. */
export async function showCleanup(stage: Stage, gone: Router, living: Router): Promise<void> {
  await showHeading('5. The first router disappears');
  await unplug(stage, gone);
  await showFirstPass(stage, gone, living);
  await showSecondPass(stage, gone, living);
  await showWhatIsLeft(stage, gone, living);
}

async function unplug(stage: Stage, gone: Router): Promise<void> {
  const { gateway, host } = stage;
  say(`Somebody pulls the plug of ${gone.host.name}. The gateway does not notice, and still has both routers:`);
  await gone.host.type('ip link set uplink down');
  await host.type(`wg show ${gateway.wireguard()} allowed-ips`);
  await host.type(`bridge fdb show dev ${gateway.vxlan()}`);
  confirm(`${gone.host.name} has two forwarding entries`, (await countEntries(stage, gone)) === 2);
}

async function showFirstPass({ host, journal }: Stage, gone: Router, living: Router): Promise<void> {
  say(
    'A timer runs wgkex-cleanup every 15 minutes; here it is run by hand. A router that was silent for ' +
      `${STALE_AFTER_SECONDS} s (by default 3600 s) is stale, so some seconds pass first.`,
    'A live router has a handshake every 2 minutes, when WireGuard renews its session: often enough for an hour, but ' +
      `not for ${STALE_AFTER_SECONDS} s. So before each pass ${living.host.name} removes its peer and adds it again, ` +
      'which starts a new session at once:',
  );
  const isStale = async () => Date.now() / 1000 - (await gone.lastHandshake()) > STALE_AFTER_SECONDS;
  await eventually(`${gone.host.name} is stale`, isStale);
  await living.renewSession();
  await host.runLogged(CLEANUP, journal);
  const log = await journal.show(FINISHED);
  confirm(
    `${gone.host.name} is marked, ${living.host.name} is not, and nobody is removed`,
    includesLine(log, 'marked', gone) && isFinished(log, { alive: 1, marked: 1, waiting: 0, removed: 0 }),
  );
}

async function showSecondPass({ host, journal }: Stage, gone: Router, living: Router): Promise<void> {
  say(
    `A router that is still stale at least ${SECOND_LOOK_SECONDS} s (by default 900 s) after the mark is removed with ` +
      'its forwarding entries:',
  );
  await pause(SECOND_LOOK_SECONDS * 1000);
  await living.renewSession();
  await host.runLogged(CLEANUP, journal);
  const log = await journal.show(FINISHED);
  confirm(
    `${gone.host.name} is removed, ${living.host.name} stays`,
    includesLine(log, 'removed', gone) && isFinished(log, { alive: 1, marked: 0, waiting: 0, removed: 1 }),
  );
}

async function showWhatIsLeft(stage: Stage, gone: Router, living: Router): Promise<void> {
  const { gateway, host } = stage;
  say('The gateway has now:');
  await host.type(`wg show ${gateway.wireguard()} allowed-ips`);
  await host.type(`bridge fdb show dev ${gateway.vxlan()}`);
  const keys = (await gateway.peers()).map(({ key }) => key);
  confirm(`${living.host.name} is the only peer`, keys.join() === living.key);
  confirm(`${gone.host.name} no longer has forwarding entries`, (await countEntries(stage, gone)) === 0);
  confirm(`${living.host.name} has its two`, (await countEntries(stage, living)) === 2);
  await living.ping();
}

async function countEntries({ gateway }: Stage, { address }: Router): Promise<number> {
  return (await gateway.entries()).filter(({ destination }) => destination === address).length;
}

function includesLine(log: readonly string[], event: string, { address }: Router): boolean {
  return log.some((line) => line.startsWith(`${event} ${DOMAIN} ${address} `));
}

function isFinished(log: readonly string[], counts: Record<string, number>): boolean {
  const fields = Object.entries(counts).map(([name, count]) => `${name}=${count}`);
  return log.includes(`cleanup finished ${DOMAIN} ${fields.join(' ')}`);
}
