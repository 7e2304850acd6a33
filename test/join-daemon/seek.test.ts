import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Instance, parseGateway, parseInstanceName } from '../../src/core/client/instance.ts';
import { Pauses } from '../../src/core/client/pauses.ts';
import { formatHostPort, type HostPort } from '../../src/core/values/host-port.ts';
import type { Attempts } from '../../src/join/daemon/attempt.ts';
import { AttemptFailure } from '../../src/join/daemon/failure.ts';
import { Names } from '../../src/join/daemon/gateway/names.ts';
import { NetworkWatch } from '../../src/join/daemon/network-watch.ts';
import { CLOCKS } from '../../src/join/daemon/options.ts';
import { Seeker } from '../../src/join/daemon/seek.ts';
import { Status } from '../../src/join/daemon/status.ts';
import { keepLog } from '../system/events.ts';
import { SHORT, until } from './scene.ts';

const GATEWAYS = ['255.255.255.255:1', '255.255.255.255:2', '255.255.255.255:3'];
/** In ten, chance could pick the same gateway each time. */
const ROUNDS = 40;
const TIMES = { ...SHORT, look: 0.02 };
const problem = (reason: string) => assert.fail(reason);

test('a search that fails in many ways is one line, although chance decides what fails last', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'wgkex-join-seek-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const { log, lines } = keepLog();
  const tried: string[] = [];
  // No machine fails in three ways at once whenever a test wants it.
  const attempts = {
    async try(gateway: HostPort) {
      tried.push(formatHostPort(gateway));
      throw new AttemptFailure('network', `no way to ${formatHostPort(gateway)}`);
    },
    async look() {
      throw new AttemptFailure('machine', 'nobody looks');
    },
  } as unknown as Attempts;
  const instance: Instance = {
    ...{ name: parseInstanceName('members'), domain: 'members', traffic: 'routes', overTcp: 'auto', sample: 3 },
    gateways: GATEWAYS.map(parseGateway) as [HostPort, ...HostPort[]],
  };
  const stop = new AbortController();
  const seeker = new Seeker({
    ...{ instance, attempts, events: log, times: TIMES, clocks: CLOCKS, stopping: stop.signal },
    names: new Names(directory, TIMES, problem),
    pauses: new Pauses(),
    network: new NetworkWatch(() => ''),
    status: new Status({ directory, clocks: CLOCKS, problem }),
  });
  const ended = assert.rejects(seeker.seek({ last: undefined, isIll: false }), /enough/);
  await until(
    () => tried.length >= ROUNDS * GATEWAYS.length,
    () => lines,
  );
  stop.abort(new Error('enough'));
  await ended;
  const lasts = tried.filter((_, index) => index % GATEWAYS.length === 2);
  assert.ok(new Set(lasts).size > 1, `${lasts}`);
  assert.deepEqual(lines, [`<4>no gateway seconds=1: no way to ${GATEWAYS[0]}`]);
});
