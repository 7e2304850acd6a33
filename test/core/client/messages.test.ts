import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DOWN_BYTES,
  formatClientMessage,
  parseBegin,
  parseClientReply,
  parseClientRequest,
  UP_BYTES,
} from '../../../src/core/client/messages.ts';
import { damaged, KEYS, parseOrRefuse, texts } from '../arbitraries.ts';
import { begins, clientReplies, clientRequests } from './message-arbitraries.ts';

const lineOf = (message: object) => formatClientMessage(message).slice(0, -1);
const parsers = [
  ['first line', parseBegin, begins, (name: unknown) => ({ type: 'begin', name })],
  ['request', parseClientRequest, clientRequests, (request: unknown) => request],
  ['reply', parseClientReply, clientReplies, (reply: unknown) => reply],
] as const;

describe('the wall between wgkex-join and wgkex-tunnel', () => {
  for (const [name, parse, messages, restore] of parsers) {
    test(`passes a ${name} in one bounded line, as it was sent`, () => {
      fc.assert(
        fc.property(messages, (message) => {
          const text = formatClientMessage(message);
          assert.match(text, /^[ -~]+\n$/);
          assert.ok(text.length <= (name === 'reply' ? UP_BYTES : DOWN_BYTES));
          assert.deepEqual(restore(parse(lineOf(message))), message);
        }),
      );
    });

    test(`refuses any other text in place of a ${name} with one printable line`, () => {
      const all = fc.oneof(begins, clientRequests, clientReplies).map(lineOf);
      fc.assert(
        fc.property(fc.oneof(texts, fc.json(), all, damaged(messages.map(lineOf))), (text) => {
          const parsed = parseOrRefuse(() => restore(parse(text)));
          if (parsed !== undefined) assert.deepEqual(restore(parse(lineOf(parsed as object))), parsed);
        }),
      );
    });
  }

  const UP = {
    ...{ type: 'up', id: 7, gateway: 'gw1.example.org:10012', config: 'AAAA', proof: 'A'.repeat(43) },
    ...{ endpoint: { address: '192.0.2.1', port: 51_820 }, via: 'udp' },
  };
  for (const [name, changes] of [
    ['an extra field', { command: 'reboot' }],
    ['another type', { type: 'run' }],
    ['a list of types', { type: ['up'] }],
    ['no id', { id: undefined }],
    ['id 0', { id: 0 }],
    ['half an id', { id: 1.5 }],
    ['an id that is a text', { id: '7' }],
    ['an id beyond the exact range of a number', { id: 2 ** 53 }],
    ['no gateway', { gateway: '' }],
    ['a long gateway', { gateway: 'x'.repeat(301) }],
    ['no configuration', { config: '' }],
    ['a long configuration', { config: 'A'.repeat(2001) }],
    ['a list of configurations', { config: ['AAAA'] }],
    ['a short proof', { proof: 'A'.repeat(42) }],
    ['a long proof', { proof: 'A'.repeat(44) }],
    ['another way', { via: 'icmp' }],
    ['an endpoint in one text', { endpoint: '192.0.2.1:51820' }],
    ['an endpoint with a name', { endpoint: { address: 'gw1.example.org', port: 51_820 } }],
    ['an endpoint with a zone', { endpoint: { address: 'fe80::1%eth0', port: 51_820 } }],
    ['an IPv4-mapped endpoint', { endpoint: { address: '::ffff:192.0.2.1', port: 51_820 } }],
    ['an endpoint in another spelling', { endpoint: { address: '2001:DB8::1', port: 51_820 } }],
    ['port 0', { endpoint: { address: '192.0.2.1', port: 0 } }],
    ['port 65536', { endpoint: { address: '192.0.2.1', port: 65_536 } }],
    ['a private key', { privateKey: KEYS[0] }],
  ] as const)
    test(`refuses to bring a tunnel up with ${name}`, () => {
      assert.doesNotThrow(() => parseClientRequest(JSON.stringify(UP)));
      assert.throws(() => parseClientRequest(JSON.stringify({ ...UP, ...changes })), {
        name: 'InputError',
        message: /^Cannot read request: unexpected [\w.]+$/,
      });
    });

  for (const name of ['../../etc', 'Members', '', 'status', 'm\n', 5, null, ['members']])
    test(`does not begin for ${JSON.stringify(name)}`, () => {
      assert.throws(() => parseBegin(JSON.stringify({ type: 'begin', name })), {
        name: 'InputError',
        message: 'Cannot read the first line: unexpected name',
      });
    });

  const LOOK = { isUp: true, handshake: 0, received: 0, sent: 0, addresses: ['10.66.0.5'] };
  for (const [name, reply] of [
    ['a look and a refusal', { type: 'look', id: 1, look: LOOK, refused: 'no' }],
    ['neither of them', { type: 'look', id: 1 }],
    ['a refusal without a reason', { type: 'up', id: 1, refused: '' }],
    ['a very long reason', { type: 'up', id: 1, refused: 'x'.repeat(1001) }],
    ['three addresses', { type: 'look', id: 1, look: { ...LOOK, addresses: ['::1', '::2', '::3'] } }],
    ['a handshake before 1970', { type: 'look', id: 1, look: { ...LOOK, handshake: -1 } }],
    ['an unknown end', { type: 'look', id: 1, look: { ...LOOK, expires: null } }],
    ['a ticket of 60 characters', { type: 'ticket', id: 1, ticket: { key: KEYS[0], line: 'x'.repeat(60) } }],
    ['a ticket with a secret', { type: 'ticket', id: 1, ticket: { key: KEYS[0], line: 'x'.repeat(61), secret: 'x' } }],
    ['a greeting with an id', { type: 'ready', id: 1 }],
  ] as const)
    test(`refuses a reply with ${name}`, () => {
      assert.doesNotThrow(() => parseClientReply(JSON.stringify({ type: 'look', id: 1, look: LOOK })));
      assert.throws(() => parseClientReply(JSON.stringify(reply)), {
        name: 'InputError',
        message: /^Cannot read reply: /,
      });
    });
});
