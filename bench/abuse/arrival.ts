import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';

/** A router whose interface is there without its peer, in a process of its own, so that no abuse slows it down. */
export interface ArrivalOrder {
  readonly namespace: string;
  readonly host: string;
  readonly port: number;
  readonly key: string;
  readonly wireguard: string;
  /** What adds the gateway to the router's interface. */
  readonly peer: readonly string[];
}

export interface ArrivalResult {
  readonly replies: readonly string[];
  /** From its first connection to its first handshake; undefined if there was none. */
  readonly seconds: number | undefined;
}

const LOOK_MILLISECONDS = 100;
/** docs/firmware.md: a router without a handshake a minute after `OK` registers again. */
const HANDSHAKE_SECONDS = 60;
/** docs/firmware.md: after how long to try again; a random time between once and twice this. */
const RETRY_SECONDS: Record<string, number> = { 'ERR: FULL': 60, 'ERR: ADDRESS_TAKEN': 3600 };
const OTHER_RETRY_SECONDS = 10;
const SCRIPT = 'exec 3<>"/dev/tcp/$0/$1"; printf "%s\\n%s\\n" "$2" "$3" >&3; cat <&3';

process.once('message', async (order: ArrivalOrder) => {
  const over = new AbortController();
  process.once('message', () => over.abort());
  const begin = performance.now();
  const replies: string[] = [];
  const connect = async (): Promise<number> => {
    for (;;) {
      const reply = await register(order);
      replies.push(reply);
      if (reply === 'OK' && (await shakeHands(order, over.signal))) return (performance.now() - begin) / 1000;
      if (reply !== 'OK') await pause(findRetrySeconds(reply) * 1000, undefined, { signal: over.signal });
    }
  };
  const seconds = await connect().catch((error) => {
    if (!over.signal.aborted) throw error;
    return undefined;
  });
  if (!over.signal.aborted) await new Promise((resolve) => over.signal.addEventListener('abort', resolve));
  process.send?.({ replies, seconds } satisfies ArrivalResult, () => process.disconnect());
});

async function register({ namespace, host, port, key }: ArrivalOrder): Promise<string> {
  const words = ['netns', 'exec', namespace, 'bash', '-c', SCRIPT, host, String(port), 'ffww01', key];
  const { stdout } = await execa('ip', words, { reject: false });
  return stdout.trim();
}

/** False if a minute passes without a handshake. */
async function shakeHands({ namespace, wireguard, peer }: ArrivalOrder, signal: AbortSignal): Promise<boolean> {
  const wg = (...words: string[]) => execa('ip', ['netns', 'exec', namespace, 'wg', ...words]);
  await wg('set', wireguard, ...peer);
  const end = performance.now() + HANDSHAKE_SECONDS * 1000;
  while (performance.now() < end) {
    const { stdout } = await wg('show', wireguard, 'latest-handshakes');
    if (!/\t0$/.test(stdout)) return true;
    await pause(LOOK_MILLISECONDS, undefined, { signal });
  }
  return false;
}

function findRetrySeconds(reply: string): number {
  return (RETRY_SECONDS[reply] ?? OTHER_RETRY_SECONDS) * (1 + Math.random());
}
