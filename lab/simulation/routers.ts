import { makeKey } from '../client.ts';
import { pause } from '../commands.ts';
import { parseReply, sendSegments } from '../firmware.ts';
import { V2 } from '../fleet.ts';

/** What a router got, and how long that took. */
export interface Registered {
  readonly key: string;
  /** The name of a gateway, or what went wrong. */
  readonly reply: string;
  readonly milliseconds: number;
}

/** A router's request by v2, in one segment: its packets are not what is simulated. */
export async function register(port: number, domain: string): Promise<Registered> {
  const key = makeKey();
  const body = JSON.stringify({ domain, public_key: key });
  const head = `POST ${V2} HTTP/1.1\r\nHost: front\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
  const begin = performance.now();
  const text = await sendSegments({ host: '127.0.0.1', port }, [head + body]);
  return { key, reply: readReply(text), milliseconds: performance.now() - begin };
}

/** Each begins at its time, whether or not those before it have their reply. */
export async function registerAtRate(
  count: number,
  perSecond: number,
  one: () => Promise<Registered>,
): Promise<Registered[]> {
  const under: Promise<Registered>[] = [];
  for (let index = 0; index < count; index++) {
    under.push(one());
    await pause(1000 / perSecond);
  }
  return Promise.all(under);
}

/** Clients that each begin the next one after a reply, until there are `count`, or for so long. */
export async function registerAsFastAs(
  clients: number,
  { count, seconds }: { readonly count: number; readonly seconds: number },
  one: () => Promise<Registered>,
): Promise<Registered[]> {
  const registered: Registered[] = [];
  const end = performance.now() + seconds * 1000;
  let left = count;
  const work = async () => {
    while (left-- > 0 && performance.now() < end) registered.push(await one());
  };
  await Promise.all(Array.from({ length: clients }, work));
  return registered;
}

function readReply(text: string): string {
  const { status, body } = parseReply(text) ?? { status: 0, body: text };
  if (status !== 200) return `${status} ${body}`;
  return (JSON.parse(body) as { Endpoint: { Address: string } }).Endpoint.Address;
}
