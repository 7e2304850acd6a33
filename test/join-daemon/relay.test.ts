import assert from 'node:assert/strict';
import { lookup } from 'node:dns';
import { test } from 'node:test';
import { AttemptFailure } from '../../src/join/daemon/failure.ts';
import { Relay } from '../../src/join/daemon/relay.ts';
import { Attention } from '../../src/log/flood-guard.ts';
import { keepLog } from '../system/events.ts';

test('a relay that cannot listen is a failure of this machine, and does not end the daemon', async () => {
  const { log } = keepLog();
  const relay = new Relay({ log, attention: new Attention(log), lookup }, '192.0.2.1');
  await assert.rejects(relay.open({ host: '127.0.0.1', port: 443 }), (error) => {
    assert.ok(error instanceof AttemptFailure, String(error));
    assert.equal(error.fault, 'machine');
    assert.match(error.message, /^Cannot listen on 192\.0\.2\.1:0: EADDRNOTAVAIL$/);
    return true;
  });
});
