import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { parseConfig } from '../../src/config/config.ts';
import { InputError } from '../../src/core/values/errors.ts';
import { Service } from '../../src/listener/service.ts';
import { Log } from '../../src/log/log.ts';
import { KEYS } from '../core/arbitraries.ts';

/** Greets, and replies OK to every request. */
const HANDLER = `
  const { createInterface } = require('node:readline');
  const say = (message) => console.log(JSON.stringify(message));
  say({ type: 'ready', answers: ['exchange'] });
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { type, id } = JSON.parse(line);
    say({ type, id, code: 'OK' });
  });
`;
const LINES = `ffww01\n${KEYS[0]}\n`;

describe('the service', { timeout: 120_000 }, () => {
  test('serves routers once it is open, and none after it has stopped', async (t) => {
    const { service, talk } = await start(t);
    assert.equal(await talk(LINES), 'OK\n');
    await service.stop();
    await assert.rejects(talk(LINES), /ECONNREFUSED/);
  });

  test('takes a new configuration', async (t) => {
    const { service, talk, lines, load } = await start(t);
    load.next = () => configure('[domains.ffww02]\nwireguard = "wgww02"\nvxlan = "vxww02"');
    service.reload();
    await eventually(() => lines.some((line) => line.includes('reloaded')));
    assert.equal(await talk(`ffww02\n${KEYS[0]}\n`), 'OK\n');
  });

  test('keeps the old configuration if the new one is bad, and logs why', async (t) => {
    const { service, talk, lines, load } = await start(t);
    load.next = () => {
      throw new InputError('Cannot read it');
    };
    service.reload();
    await eventually(() => lines.some((line) => /kept the old configuration.*Cannot read it/.test(line)));
    assert.equal(await talk(LINES), 'OK\n');
  });

  test('does not open if its port is taken', async (t) => {
    const { port } = await start(t);
    await assert.rejects(start(t, port), /Cannot listen on 127\.0\.0\.1:\d+: EADDRINUSE/);
  });

  test('stops once, however often it is called to', async (t) => {
    const { service, lines } = await start(t);
    await Promise.all([service.stop(), service.stop()]);
    assert.equal(lines.filter((line) => line.includes('stopping')).length, 1);
  });
});

function configure(more: string, port = 0) {
  const domain = '[domains.ffww01]\nwireguard = "wgww01"\nvxlan = "vxww01"';
  const handler = JSON.stringify([process.execPath, '--eval', HANDLER]);
  return parseConfig(`listen = ["127.0.0.1:${port}"]\nhandler = ${handler}\n${more}\n${domain}`, 'wgkex.toml');
}

async function start(t: TestContext, wantedPort = 0) {
  const config = configure('', wantedPort);
  const lines: string[] = [];
  const log = new Log(config.log, 'journal', (line) => {
    lines.push(line);
  });
  const load = { next: () => config };
  const surroundings = { load: () => load.next(), log, environment: {}, onRestartNeeded: () => {} };
  const service = new Service(config, surroundings);
  t.after(() => service.stop());
  await service.open();
  const [, port = ''] = lines.join('').match(/listening on=127\.0\.0\.1:(\d+)/) ?? [];
  return { service, lines, load, port: Number(port), talk: (sent: string) => talk(Number(port), sent) };
}

function talk(port: number, sent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
    socket.end(sent);
  });
}

async function eventually(isSo: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!isSo()) {
    assert.ok(performance.now() < end, 'the condition did not hold within 60 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
