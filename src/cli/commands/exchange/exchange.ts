import { generateKeyPairSync } from 'node:crypto';
import { parseReply } from '../../../core/exchange/exchange.ts';
import { parseHostPort } from '../../../core/values/host-port.ts';
import { parseDomainName } from '../../../core/values/names.ts';
import { type PublicKey, parsePublicKey } from '../../../core/values/public-key.ts';
import { sendLines } from '../../gateway/reply.ts';
import { type Call, readWord } from '../../terminal/call.ts';
import { printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { parseGatewayUrl, postExchange } from './http.ts';
import { describeHttpReply, describeReply, renderHttpReply, renderReply } from './text.ts';

const DEFAULT_PORT = 10012;

interface Options {
  quietSuccess?: boolean;
  http?: boolean;
  v2?: boolean;
}

/** `wgkex exchange GATEWAY DOMAIN [KEY]`: show the reply that a router gets. False for anything but success. */
export async function run({ args, options }: Call<Options>): Promise<boolean> {
  const [place = '', name = '', text] = args;
  const domain = readWord(parseDomainName, name);
  const isNewKey = text === undefined;
  const key = isNewKey ? makeKey() : readWord(parsePublicKey, text);
  if (options.http === true) {
    const url = readWord((word) => parseGatewayUrl(word, options.v2 === true ? 'v2' : 'v1'), place);
    const reply = await postExchange(url, domain, key);
    const outcome = { ...reply, domain, key, isNewKey };
    if (options.json) printJson(describeHttpReply(outcome));
    else printLines(renderHttpReply(outcome, findTerminal()));
    return reply.code === 'OK';
  }
  const gateway = readWord((word) => parseHostPort(word, DEFAULT_PORT), place);
  const reply = await sendLines(gateway, [domain, key]);
  const meaning = parseReply(reply.text);
  const isGood = meaning === 'OK' || (meaning === 'silence' && options.quietSuccess === true);
  const outcome = { ...reply, gateway, domain, key, isNewKey, meaning, isGood };
  if (options.json) printJson(describeReply(outcome));
  else printLines(renderReply(outcome, findTerminal()));
  return isGood;
}

/** The public half of a new key pair whose private half is thrown away: the key can register but never connect. */
function makeKey(): PublicKey {
  const { x } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
  return parsePublicKey(Buffer.from(x ?? '', 'base64url').toString('base64'));
}
