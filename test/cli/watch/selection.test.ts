import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WATCH_ORDERS } from '../../../src/cli/commands/watch/orders.ts';
import { selectWatched } from '../../../src/cli/commands/watch/selection.ts';
import { startView, type View } from '../../../src/cli/commands/watch/view.ts';
import { buildFrame } from '../results.ts';
import { SCENE_KEYS } from '../scene.ts';

const { watched } = buildFrame();

/** Name of the domain and of the scene's key of each selected peer. */
function select(view: Partial<View>): string[] {
  const names = new Map(Object.entries(SCENE_KEYS).map(([name, key]) => [key, name]));
  const selected = selectWatched(watched, { ...startView('key'), ...view });
  return selected.map(({ peer, reading }) => `${reading.domain.name} ${names.get(peer.key)}`);
}

describe('a filter finds', () => {
  for (const [what, filter, expected] of [
    ['a part of a key, in small letters, too', SCENE_KEYS.stale.slice(5, 15).toLowerCase(), ['ffww01 stale']],
    ['a domain', 'MUC', ['ffmuc_welt alive']],
    ['a state', 'pending', ['ffww01 pending']],
    ['an endpoint', '2001:db8:1234', ['ffww01 idle']],
    ['an allowed IP', '192.0.2.0/24', ['ffww01 static']],
    ['a MAC address', '02:81:8e', ['ffww01 idle']],
    ['nothing', 'nowhere', []],
  ] as const) {
    test(what, () => assert.deepEqual(select({ filter }), expected));
  }

  test('everything if it is empty', () => assert.equal(select({ filter: '' }).length, watched.length));
});

describe('the order', () => {
  for (const order of WATCH_ORDERS) {
    test(`by ${order} is the opposite if reversed`, () => {
      assert.deepEqual(select({ order, isReversed: true }), select({ order }).reverse());
    });
  }

  for (const [order, first] of [
    ['domain', 'ffmuc_welt alive'],
    ['handshake', 'ffmuc_welt alive'],
    ['received', 'ffww01 alive'],
    ['traffic', 'ffww01 alive'],
    ['endpoint', 'ffww01 stale'],
    ['key', 'ffww01 static'],
  ] as const) {
    test(`by ${order} begins with ${first}`, () => assert.equal(select({ order })[0], first));
  }
});
