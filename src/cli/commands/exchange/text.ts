import type { ReplyCode } from '../../../core/exchange/exchange.ts';
import { REPLIES } from '../../../core/exchange/replies.ts';
import type { HostPort } from '../../../core/values/host-port.ts';
import type { PublicKey } from '../../../core/values/public-key.ts';
import { escapeLine, quote } from '../../../core/values/quote.ts';
import type { GatewayReply } from '../../gateway/reply.ts';
import { renderFields } from '../../terminal/fields.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { fold } from '../../terminal/words.ts';
import type { Endpoint, HttpReply } from './http.ts';

/** An exchange over HTTP and its outcome. */
export interface HttpOutcome extends HttpReply {
  readonly domain: string;
  readonly key: PublicKey;
  readonly isNewKey: boolean;
}

type Leftover = Pick<Outcome, 'isNewKey' | 'meaning' | 'domain' | 'key'>;

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

/** Of what another gateway says about itself. */
const SHOWN_CHARACTERS = 256;
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

export function renderHttpReply(outcome: HttpOutcome, terminal: Terminal): string[] {
  const { url, status, text, domain, key, milliseconds, code, endpoint } = outcome;
  const fields = [
    ['gateway', url],
    ['domain', domain],
    ['key', key],
    ...(endpoint === undefined ? [] : listEndpoint(endpoint)),
    ['time', `${milliseconds} ms`],
  ] as const;
  const said = code ?? `status ${status}, ${quote(text)}`;
  const means = code === undefined ? 'not the reply of a gateway' : REPLIES[code].meaning;
  return [
    `${terminal.paint(code === 'OK' ? 'good' : 'bad', said)}: ${means}`,
    ...renderFields(fields, terminal),
    ...explainRest({ ...outcome, meaning: code }, terminal),
  ];
}

function listEndpoint({ address, port, publicKey, allowedIps }: Endpoint): (readonly [string, string])[] {
  return [
    ['dials', escapeLine(`${address}, port ${port}`, SHOWN_CHARACTERS)],
    ['peer', escapeLine(publicKey, SHOWN_CHARACTERS)],
    ['link', escapeLine(allowedIps.join(' '), SHOWN_CHARACTERS)],
  ];
}

/** The document of `wgkex exchange --http --json`; its shape is fixed in wgkex(8). */
export function describeHttpReply(outcome: HttpOutcome): object {
  const { url, status, domain, key, isNewKey, code, endpoint, text, milliseconds } = outcome;
  const success = code === 'OK';
  const dialled = endpoint && {
    address: endpoint.address,
    port: endpoint.port,
    public_key: endpoint.publicKey,
    allowed_ips: endpoint.allowedIps,
  };
  const reply = { code: code ?? null, reply: text, milliseconds };
  return { success, url, status, domain, key, new_key: isNewKey, endpoint: dialled ?? null, ...reply };
}

/** Explains the key that an exchange with a new key leaves on the gateway. */
function explainRest({ isNewKey, meaning, domain, key }: Leftover, { width }: Terminal): string[] {
  if (!isNewKey || (meaning !== 'OK' && meaning !== 'silence')) return [];
  const has =
    meaning === 'OK' ? 'The gateway now has this new key' : 'If that was OK, the gateway now has this new key';
  const text = `${has} until its cleanup removes it. To remove it at once, run this on the gateway:`;
  return ['', ...fold(text, width, ''), `  wgkex remove ${domain} ${key}`];
}

function interpret({ meaning, text }: Outcome): { readonly said: string; readonly means: string } {
  if (meaning === undefined) return { said: quote(text), means: 'not the reply of a gateway' };
  return meaning === 'silence'
    ? { said: 'nothing', means: SILENCE }
    : { said: meaning, means: REPLIES[meaning].meaning };
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
