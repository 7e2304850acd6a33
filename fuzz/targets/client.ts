import assert from 'node:assert/strict';
import { parseGatewayReply } from '../../src/core/client/configuration/gateway-reply.ts';
import { parseTunnelFile } from '../../src/core/client/configuration/tunnel-file.ts';
import {
  formatClientMessage,
  parseBegin,
  parseClientReply,
  parseClientRequest,
} from '../../src/core/client/messages.ts';
import { formatReply, REPLY_CODES } from '../../src/core/exchange/exchange.ts';
import { parseOrRefuse } from '../../test/core/arbitraries.ts';
import { type ClientText, clientTexts } from '../arbitraries/client.ts';
import { expectReply, expectTunnel } from '../model/client.ts';
import { buildLocalTarget, type Target } from './target.ts';

const CHECKS: Readonly<Record<ClientText['what'], (text: string) => void>> = {
  tunnel: (text) =>
    assert.deepEqual(
      parseOrRefuse(() => parseTunnelFile(text)),
      expectTunnel(text),
    ),
  reply: checkReply,
  begin: (text) => checkMessage(text, (line) => ({ type: 'begin', name: parseBegin(line) })),
  request: (text) => checkMessage(text, parseClientRequest),
  answer: (text) => checkMessage(text, parseClientReply),
};

/** What a client reads of a gateway, and what its halves read of one another. */
export function createClientTarget(): Target<ClientText> {
  return buildLocalTarget<ClientText>({
    name: 'client',
    corpus: [],
    runs: clientTexts,
    print: (text) => JSON.stringify(text),
    check: async ({ what, text }) => CHECKS[what](text),
  });
}

function checkReply(text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  const reply = parseOrRefuse(() => parseGatewayReply(bytes));
  const kind = reply?.code === 'OK' ? 'OK' : reply && 'error';
  assert.equal(kind, expectReply(bytes.toString('latin1'), REPLY_CODES));
  if (reply === undefined) return;
  assert.equal(reply.code === 'OK' ? formatReply('OK', reply) : formatReply(reply.code), text);
}

/** A message that is understood says the same again, and nothing else than what stands in it. */
function checkMessage(text: string, parse: (line: string) => object): void {
  const message = parseOrRefuse(() => parse(text));
  if (message === undefined) return;
  assert.deepEqual(message, JSON.parse(text));
  assert.deepEqual(parse(formatClientMessage(message).trimEnd()), message);
}
