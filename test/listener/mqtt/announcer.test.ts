import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findBrokersDeath } from '../../../lab/freifunkmuc/deaths.ts';
import { type Config, parseConfig } from '../../../src/config/config.ts';
import type { GatewayInterface } from '../../../src/core/exchange/gateway.ts';
import { parseGatewayId } from '../../../src/core/fleet/gateway-id.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { type DomainName, parseDomainName } from '../../../src/core/values/names.ts';
import { Announcer } from '../../../src/listener/mqtt/announcer.ts';
import type { Session } from '../../../src/listener/mqtt/session.ts';
import { KEYS, texts } from '../../core/arbitraries.ts';

const ID = parseGatewayId('gw1');
const DOMAINS = ['ffww01', 'ffww02'].map(parseDomainName) as [DomainName, DomainName];
const [FIRST, SECOND] = DOMAINS;
const [KEY] = KEYS;
const GATEWAY: GatewayInterface = { port: 51_820, publicKey: KEY, linkAddress: parseIpAddress('fe80::1') };

interface Said {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** What is not ours to decide: whether the handler answers, what others write, when the connection begins. */
type Step =
  | { readonly does: 'begin' }
  | { readonly does: 'announce' }
  | { readonly does: 'end' }
  | { readonly does: 'serve'; readonly domains: readonly DomainName[] }
  | { readonly does: 'count'; readonly alive: number | null }
  | { readonly does: 'lose'; readonly isLost: boolean }
  | {
      readonly does: 'overwrite';
      readonly kind: 'state' | 'data' | 'number' | 'status';
      readonly domain: DomainName;
      readonly text: string;
      readonly isRetained: boolean;
    };

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom('begin' as const, 'announce' as const, 'announce' as const, 'end' as const).map((does) => ({ does })),
  fc.record({ does: fc.constant('serve' as const), domains: fc.subarray([...DOMAINS]) }),
  fc.record({ does: fc.constant('count' as const), alive: fc.option(fc.oneof(fc.nat(9), fc.maxSafeNat())) }),
  fc.record({ does: fc.constant('lose' as const), isLost: fc.boolean() }),
  fc.record({
    does: fc.constant('overwrite' as const),
    kind: fc.constantFrom('state' as const, 'data' as const, 'number' as const, 'status' as const),
    domain: fc.constantFrom(...DOMAINS),
    text: fc.oneof(texts, fc.constantFrom('', '-1', '12', '{}')),
    isRetained: fc.boolean(),
  }),
);

describe('whatever happens, what a gateway says to freifunkMUC’s brokers', () => {
  test('ends none of their threads: integers, JSON objects, and nothing that is empty', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 30 }), async (all) => {
        const scene = new Scene();
        for (const step of all) await scene.take(step);
        await scene.take({ does: 'end' });
        scene.announcer.pause();
        for (const { topic, payload, retain } of scene.said.filter((one) => !one.topic.startsWith('wgkex/'))) {
          assert.equal(findBrokersDeath(topic, Buffer.from(payload), DOMAINS), undefined, `${topic} ${payload}`);
          assert.ok(retain && payload !== '', topic);
        }
        for (const { topic, payload } of scene.said.filter(({ topic: name }) => name.endsWith('/data')))
          assert.equal(typeof JSON.parse(payload), 'object', topic);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a gateway says to freifunkMUC’s brokers', () => {
  test('its data, its number and then its status, and at its end -1 and then 0', async () => {
    const scene = new Scene();
    await scene.take({ does: 'begin' });
    const data = { ExternalAddress: 'gw1.example.org', Port: 51_820, PublicKey: KEY, LinkAddress: 'fe80::1' };
    assert.deepEqual(scene.list(), [
      `wireguard-worker/gw1/ffww01/data 1 ${JSON.stringify({ ...data, Software: 'wgkex' })}`,
      'wireguard-metrics/ffww01/gw1/connected_peers 0 5',
      'wireguard-worker/gw1/status 1 1',
    ]);
    await scene.take({ does: 'end' });
    assert.deepEqual(scene.list(), [
      'wireguard-metrics/ffww01/gw1/connected_peers 1 -1',
      'wireguard-worker/gw1/status 1 0',
    ]);
  });

  test('its number each time, its data only on a change and on a new connection', async () => {
    const scene = new Scene();
    await scene.take({ does: 'begin' });
    scene.list();
    await scene.take({ does: 'announce' });
    assert.deepEqual(scene.listKinds(), ['connected_peers', 'status']);
    await scene.take({ does: 'begin' });
    assert.deepEqual(scene.listKinds(), ['data', 'connected_peers', 'status']);
    scene.announcer.pause();
  });

  test('-1 for a domain that goes, or that the handler cannot describe, and nothing about data', async () => {
    for (const step of [
      { does: 'serve', domains: [] },
      { does: 'count', alive: null },
    ] as const) {
      const scene = new Scene();
      await scene.take({ does: 'begin' });
      scene.list();
      await scene.take(step);
      await scene.take({ does: 'announce' });
      assert.deepEqual(scene.list()[0], 'wireguard-metrics/ffww01/gw1/connected_peers 1 -1');
      assert.ok(scene.said.every(({ topic, payload }) => topic.startsWith('wgkex/') || payload !== ''));
      scene.announcer.pause();
    }
  });

  test('-1 for a domain that a process before it left behind, but not for one that it is about to announce', async () => {
    const scene = new Scene();
    const left = { does: 'overwrite', kind: 'number', text: '12', isRetained: true } as const;
    await scene.take({ ...left, domain: FIRST });
    assert.deepEqual(scene.list(), []);
    await scene.take({ ...left, domain: SECOND });
    assert.deepEqual(scene.list(), ['wireguard-metrics/ffww02/gw1/connected_peers 1 -1']);
    scene.announcer.pause();
  });
});

class Scene {
  readonly said: Said[] = [];
  readonly announcer: Announcer;
  #alive: number | null = 5;
  #isLost = false;
  #listed = 0;

  constructor() {
    const publish: Session['publish'] = (topic, payload, options) => {
      if (!this.#isLost) this.said.push({ topic, payload, ...options });
      return !this.#isLost;
    };
    const others = { idle: 0, stale: 0, pending: 0, static: 0, entries: 0, passes: 0, removals: 0, lastPass: 0 };
    this.announcer = new Announcer(configure([FIRST]), {
      ...{ id: ID, instance: '0'.repeat(32), session: { publish, isUp: true } },
      facts: {
        findNumbers: async () => (this.#alive === null ? null : { ...others, alive: this.#alive }),
        findGateway: async () => GATEWAY,
      },
      onState: () => {},
      onTwin: () => {},
    });
  }

  async take(step: Step): Promise<void> {
    if (step.does === 'begin') this.announcer.begin();
    else if (step.does === 'announce') this.announcer.announce();
    else if (step.does === 'end') await this.announcer.end();
    else if (step.does === 'serve') this.announcer.configure(configure(step.domains));
    else if (step.does === 'count') this.#alive = step.alive;
    else if (step.does === 'lose') this.#isLost = step.isLost;
    else this.#overwrite(step);
    await new Promise(setImmediate);
  }

  /** What was said since the last time, but for our own topics: topic, QoS and payload. */
  list(): string[] {
    const said = this.said.slice(this.#listed).filter(({ topic }) => !topic.startsWith('wgkex/'));
    this.#listed = this.said.length;
    return said.map(({ topic, qos, payload }) => `${topic} ${qos} ${payload}`);
  }

  listKinds(): (string | undefined)[] {
    return this.list().map((line) => line.split(' ')[0]?.split('/').at(-1));
  }

  #overwrite({ kind, domain, text, isRetained }: Extract<Step, { does: 'overwrite' }>): void {
    const payload = Buffer.from(text);
    if (kind === 'status') this.announcer.checkStatus(text);
    else if (kind === 'state') this.announcer.check(domain, payload, isRetained);
    else this.announcer.checkWorker(kind, domain, payload, isRetained);
  }
}

function configure(domains: readonly DomainName[]): Config {
  const tables = domains.map((name) => `[domains.${name}]\nwireguard = "wg-${name}"\nvxlan = "vx-${name}"\n`);
  const head = '[gateway]\nname = "gw1.example.org"\n[mqtt]\nurl = ["mqtt://[::1]"]\nid = "gw1"\n';
  return parseConfig(`${head}${tables.join('')}`, 'wgkex.toml');
}
