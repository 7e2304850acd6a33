import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  CLIENT_REQUESTS,
  parseBegin,
  parseClientReply,
  parseClientRequest,
} from '../../../src/core/client/messages.ts';
import { KEYS } from '../arbitraries.ts';

const MANUAL = readFileSync(new URL('../../../man/wgkex-tunnel.8', import.meta.url), 'utf8').replaceAll('\\-', '-');
const DESIGN = readFileSync(new URL('../../../docs/design/client.md', import.meta.url), 'utf8');
const LINE = 'k7f2mqxa.AAAAAAAA.gZB8XqQenPcPoc5qOxWi5JZIpzMmMsRVd0FY4EJBPSU';

/** What the documents cut short, as it is in a message. */
const WHOLE = { 'o52Ge…': KEYS[0], 'ID.NONCE.PROOF': LINE, 'IyBFbmRz…': 'IyBFbmRz', 'yzrWwufJ…': LINE.slice(-43) };

for (const [document, text] of Object.entries({ 'wgkex-tunnel(8)': MANUAL, 'docs/design/client.md': DESIGN })) {
  test(`${document} has examples of messages, and each of them is one`, () => {
    const messages = findMessages(text);
    assert.ok(messages.length >= 6, `${messages.length}`);
    for (const message of messages) {
      if (message.includes('"begin"')) parseBegin(message);
      else if (isReply(message)) parseClientReply(message);
      else parseClientRequest(message);
    }
  });

  test(`${document} has every type of request`, () => {
    for (const type of Object.keys(CLIENT_REQUESTS)) assert.match(text, new RegExp(`"type":"${type}"`), type);
  });
}

function findMessages(text: string): string[] {
  const whole = Object.entries(WHOLE).reduce((rest, [short, long = '']) => rest.replaceAll(short, long), text);
  return [...whole.matchAll(/\{"type".*(?:\n {7}".*)*/g)].map(([message]) =>
    message.replace(/\n */g, '').replace(/ {2,}.*/, ''),
  );
}

function isReply(message: string): boolean {
  return ['"ready"', '"refused"', '"look":', '"ticket":'].some((word) => message.includes(word));
}
