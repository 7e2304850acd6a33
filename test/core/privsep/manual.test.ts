import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildRequestParser, findPermitted, parseHandlerMessage } from '../../../src/core/privsep/requests.ts';
import { KEYS } from '../arbitraries.ts';

const PAGE = readFileSync(new URL('../../../man/wgkex-handler.8', import.meta.url), 'utf8').replaceAll('\\(aq', "'");
const MESSAGES = [...PAGE.matchAll(/^(?:echo ')?(\{.*\})/gm)].map(([, message = '']) =>
  message.replace('KEY', KEYS[0]),
);
const parseRequest = buildRequestParser(findPermitted({ metrics: true, http: true, mqtt: false, leases: true }));

test('wgkex-handler(8) has examples of messages', () => assert.ok(MESSAGES.length >= 6, `${MESSAGES.length}`));

for (const message of new Set(MESSAGES)) {
  test(`an example in wgkex-handler(8) is a message: ${message}`, () => {
    const isRequest = 'id' in JSON.parse(message) && !('code' in JSON.parse(message));
    if (isRequest) parseRequest(message);
    else parseHandlerMessage(message);
  });
}
