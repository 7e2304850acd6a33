import type { ReplyCode } from '../../../core/exchange/exchange.ts';
import type { HostPort } from '../../../core/values/host-port.ts';
import type { PublicKey } from '../../../core/values/public-key.ts';
import { quote } from '../../../core/values/quote.ts';
import type { GatewayReply } from '../../gateway/reply.ts';
import { renderFields } from '../../terminal/fields.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { fold } from '../../terminal/words.ts';

/** An exchange and its outcome. */
export interface Outcome extends GatewayReply {
  readonly gateway: HostPort;
  readonly domain: string;
  readonly key: PublicKey;
  /** Nobody has the private key that belongs to it. */
  readonly isNewKey: boolean;
  readonly meaning: ReplyCode | 'silence' | undefined;
  readonly isGood: boolean;
}

const MEANINGS: Record<ReplyCode, string> = {
  OK: 'the gateway knows the key; the tunnel can come up',
  NO_DOMAIN: 'the name of the domain did not arrive in time',
  NO_WGKEY: 'the key did not arrive in time',
  INVALID_DOMAIN: 'this gateway does not serve the domain',
  INVALID_WGKEY: 'the text that arrived is not a public key',
  LINE_TOO_LONG: 'a line is longer than the gateway accepts',
  PROHIBITED_WGKEY: "the key is blocked, is the gateway's own, or was set up by hand",
  ADDRESS_TAKEN: 'the address that belongs to the key is already taken',
  FULL: 'the domain is full at the moment',
  BUSY: 'too many connections or requests, perhaps from the same address; try later',
  FAILED: 'the gateway has a fault; its journal says which',
};
const SILENCE = 'the gateway closed the connection; with quiet_success, that means OK';

export function renderReply(outcome: Outcome, terminal: Terminal): string[] {
  const { gateway, address, domain, key, milliseconds, isGood } = outcome;
  const { said, means } = interpret(outcome);
  const where = address === gateway.host ? address : `${gateway.host} (${address})`;
  const fields = [
    ['gateway', `${where}, port ${gateway.port}`],
    ['domain', domain],
    ['key', key],
    ['time', `${milliseconds} ms`],
  ] as const;
  return [
    `${terminal.paint(isGood ? 'good' : 'bad', said)}: ${means}`,
    ...renderFields(fields, terminal),
    ...explainRest(outcome, terminal),
  ];
}

/** Explains the key that an exchange with a new key leaves on the gateway. */
function explainRest({ isNewKey, meaning, domain, key }: Outcome, { width }: Terminal): string[] {
  if (!isNewKey || (meaning !== 'OK' && meaning !== 'silence')) return [];
  const has =
    meaning === 'OK' ? 'The gateway now has this new key' : 'If that was OK, the gateway now has this new key';
  const text = `${has} until its cleanup removes it. To remove it at once, run this on the gateway:`;
  return ['', ...fold(text, width, ''), `  wgkex remove ${domain} ${key}`];
}

function interpret({ meaning, text }: Outcome): { readonly said: string; readonly means: string } {
  if (meaning === undefined) return { said: quote(text), means: 'not the reply of a gateway' };
  return meaning === 'silence' ? { said: 'nothing', means: SILENCE } : { said: meaning, means: MEANINGS[meaning] };
}

/** The document of `wgkex exchange --json`; its shape is fixed in wgkex(8). */
export function describeReply(outcome: Outcome): object {
  const { gateway, address, domain, key, isNewKey, meaning, text, milliseconds, isGood } = outcome;
  const { host, port } = gateway;
  const isCode = meaning !== 'silence' && meaning !== undefined;
  return {
    success: isGood,
    host,
    port,
    address,
    domain,
    key,
    new_key: isNewKey,
    code: isCode ? meaning : null,
    reply: text,
    milliseconds,
  };
}
