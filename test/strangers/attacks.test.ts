import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { exchange } from '../../lab/client.ts';
import { COLLIDING_KEYS } from '../../lab/colliding-keys.ts';
import { eventually, pause } from '../../lab/commands.ts';
import { Crowd, countEach } from '../../lab/crowd.ts';
import { Gateway } from '../../lab/gateway.ts';
import { RoundTrip } from '../../lab/round-trip.ts';
import { Router } from '../../lab/router.ts';

const DOMAIN = 'ffww01';
const ROUND_TRIP_MILLISECONDS = 300;
/** Each may register once a second for as long as it likes. */
const STRANGERS = 90;
const REGISTRATIONS_PER_SECOND = 75;
/** How long firmware waits before it registers again. */
const RETRY_MILLISECONDS = 5000;
const [OWNER, NEWCOMER] = COLLIDING_KEYS;

test('a router connects although strangers register its key 75 times a second, within all limits', async (t) => {
  const { gateway, crowd, router } = await createScene(t, 121);
  const attack = new Attack(REGISTRATIONS_PER_SECOND, (time) =>
    exchange(gateway.address, DOMAIN, router.key, { from: crowd.ipv4((time % STRANGERS) << 8) }),
  );
  await attack.during(async () => {
    await eventually('the attack is under way', () => attack.replies.length > REGISTRATIONS_PER_SECOND);
    await reportConnecting(t, router, attack);
    await router.ping();
  });
  assert.deepEqual(Object.keys(countEach(attack.replies)), ['OK'], 'none of them broke a limit');
});

test('a router connects although a stranger registers a key with the same address once a second', async (t) => {
  const { gateway, crowd, router } = await createScene(t, 122, OWNER.privateKey);
  const attack = new Attack(1, () => exchange(gateway.address, DOMAIN, NEWCOMER.publicKey, { from: crowd.ipv4(0) }));
  await attack.during(async () => {
    await eventually('the stranger has the address', () => attack.replies.length > 0);
    await reportConnecting(t, router, attack);
    await eventually('the stranger is refused', () => attack.replies.at(-1) === 'ERR: ADDRESS_TAKEN');
    await router.ping();
  });
});

/** An action that is repeated at a rate, whether or not there is a reply yet. */
class Attack {
  readonly replies: string[] = [];
  readonly #perSecond: number;
  readonly #act: (time: number) => Promise<string>;

  constructor(perSecond: number, act: (time: number) => Promise<string>) {
    this.#perSecond = perSecond;
    this.#act = act;
  }

  /** Continues until the action has ended, and then until all replies are there. */
  async during(action: () => Promise<void>): Promise<void> {
    const acting: Promise<unknown>[] = [];
    const act = () => acting.push(this.#act(acting.length).then(this.#note, (error) => this.#note(String(error))));
    const timer = setInterval(act, 1000 / this.#perSecond);
    try {
      await action();
    } finally {
      clearInterval(timer);
      await Promise.all(acting);
    }
  }

  readonly #note = (reply: string): void => {
    this.replies.push(reply.trim());
  };
}

/** A gateway with a router that is a round trip away. */
async function createScene(t: TestContext, number: number, privateKey?: string) {
  const gateway = await Gateway.create(number);
  t.after(() => gateway.close());
  await gateway.start();
  const crowd = await Crowd.gather(gateway);
  const router = await Router.create(gateway, 1, privateKey);
  const roundTrip = await RoundTrip.create(gateway, ROUND_TRIP_MILLISECONDS);
  await roundTrip.moveAway(router.namespace);
  return { gateway, crowd, router };
}

/** The router acts like firmware; reports how long it takes to get a session. */
async function reportConnecting(t: TestContext, router: Router, attack: Attack): Promise<void> {
  const start = performance.now();
  const count = attack.replies.length;
  while ((await router.exchange(DOMAIN)) !== 'OK') await pause(RETRY_MILLISECONDS);
  await router.up();
  await router.connected();
  const seconds = (performance.now() - start) / 1000;
  const rate = (attack.replies.length - count) / seconds;
  t.diagnostic(`connected after ${seconds.toFixed(1)} s, at ${rate.toFixed(1)} registrations a second`);
}
