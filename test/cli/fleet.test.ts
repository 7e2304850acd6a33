import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeFleet } from '../../src/cli/commands/fleet/json.ts';
import { renderFleet } from '../../src/cli/commands/fleet/text.ts';
import { findFleetConcerns, findOwnConcerns } from '../../src/cli/fleet/findings.ts';
import { findPlaces } from '../../src/cli/fleet/places.ts';
import { makePaint } from '../../src/cli/terminal/terminal.ts';
import { parseConfig } from '../../src/config/config.ts';
import { buildReading, FLEET_NOW } from './fleet-scene.ts';

const findCodes = (reading: ReturnType<typeof buildReading>) => findFleetConcerns(reading).map(({ code }) => code);

describe('the places of gateways', () => {
  test('have a condition each', () => {
    const conditions = findPlaces(
      buildReading({
        drained: { states: { ffww01: { weight: 0 } } },
        full: { states: { ffww01: { peers: 2000 } } },
        future: { states: { ffww01: { sent_at: FLEET_NOW + 181 } } },
        offline: { isOnline: false, states: { ffww01: {} } },
        online: { states: { ffww01: { sent_at: FLEET_NOW - 180 } } },
        past: { states: { ffww01: { sent_at: FLEET_NOW - 181 } } },
      }),
    ).map(({ gateway, condition }) => `${gateway} ${condition}`);
    assert.deepEqual(conditions, [
      'drained drained',
      'full full',
      'future silent',
      'offline offline',
      'online online',
      'past silent',
    ]);
  });

  test('have shares of what is there in their domain', () => {
    const places = findPlaces(
      buildReading({
        gw1: { states: { ffww01: { alive: 30, weight: 1 }, ffmuc: { alive: 0, weight: 0 } } },
        gw2: { states: { ffww01: { alive: 10, weight: 3 } } },
        gw3: { isOnline: false, states: { ffww01: { alive: 1000, weight: 1000 } } },
      }),
    );
    assert.deepEqual(
      places.map(({ gateway, domain, share, aim }) => [gateway, domain, share, aim]),
      [
        ['gw1', 'ffmuc', undefined, undefined],
        ['gw1', 'ffww01', 0.75, 0.25],
        ['gw2', 'ffww01', 0.25, 0.75],
        ['gw3', 'ffww01', undefined, undefined],
      ],
    );
  });
});

describe('what is wrong', () => {
  test('is each gateway that takes no routers against its will', () => {
    assert.deepEqual(findCodes(buildReading({ gw1: { states: { ffww01: {} } } })), []);
    assert.deepEqual(findCodes(buildReading({ gw1: { states: { ffww01: { weight: 0 } } } })), []);
    assert.deepEqual(findCodes(buildReading({ gw1: { states: { ffww01: { peers: 2000 } } } })), ['fleet-full']);
    assert.deepEqual(findCodes(buildReading({ gw1: { isOnline: false, states: { ffww01: {} } } })), ['fleet-offline']);
    // It was stopped.
    assert.deepEqual(findCodes(buildReading({ gw1: { isOnline: false, states: {} } })), []);
  });

  test('says what is known of a silent one', () => {
    const [old] = findFleetConcerns(buildReading({ gw1: { states: { ffww01: { sent_at: FLEET_NOW - 7300 } } } }));
    assert.equal(old?.problem, 'the last message of gw1 is dated 2 h ago: it is dead, or a clock is wrong');
    const [early] = findFleetConcerns(buildReading({ gw1: { states: { ffww01: { sent_at: FLEET_NOW + 7300 } } } }));
    assert.equal(early?.problem, 'the last message of gw1 is dated 2 h in the future: it is dead, or a clock is wrong');
  });

  test('is a name that two domains claim', () => {
    const reading = buildReading({ gw1: { states: { ffww01: { names: ['other'] }, ffmuc: { names: ['other'] } } } });
    const [dispute] = findFleetConcerns(reading);
    assert.equal(dispute?.code, 'fleet-names');
    assert.match(dispute?.problem ?? '', /^two domains claim the name other:/);
  });

  test('is a message that cannot be read', () => {
    const reading = { ...buildReading({}), unreadable: ['gw9/ffww01: Cannot read state: not JSON'] };
    assert.deepEqual(findCodes(reading), ['fleet-unreadable']);
  });

  test('is a gateway that does not see its own announcements', () => {
    const config = parseConfig(
      `[mqtt]\nurl = ["mqtts://mqtt.example.org"]\nid = "gw1"
       [domains.ffww01]\nwireguard = "wg1"\nvxlan = "vx1"\n[domains.ffmuc]\nwireguard = "wg2"\nvxlan = "vx2"
       [domains.members]\nwireguard = "wg3"\npool = ["10.66.0.0/24"]\nendpoint = "a.example:1"\nallowed_ips = ["::/0"]`,
      'wgkex.toml',
    );
    const find = (members: Parameters<typeof buildReading>[0]) =>
      findOwnConcerns(config, buildReading(members)).map(({ domain, code }) => `${domain} ${code}`);
    assert.deepEqual(find({ gw1: { states: { ffww01: {}, ffmuc: {} } } }), []);
    assert.deepEqual(find({ gw1: { states: { ffww01: {} } } }), ['ffmuc fleet-not-announced']);
    assert.deepEqual(find({ gw1: { isOnline: false, states: {} } }), ['undefined fleet-not-joined']);
    assert.deepEqual(find({ gw2: { states: { ffww01: {}, ffmuc: {} } } }), ['undefined fleet-not-joined']);
  });
});

test('the table fits 80 columns, and says what is wrong below it', () => {
  const reading = buildReading({
    'gw1.frankfurt': {
      states: { ffww01: { alive: 1234, peers: 1500, location: 'fra' }, 'ffmuc-welt': { weight: 0.5 } },
    },
    gw2: { isOnline: false, states: { ffww01: {} } },
    gw9: { isOnline: false, states: {} },
    front: { states: {} },
  });
  const lines = renderFleet(reading, [], findFleetConcerns(reading), { width: 80, paint: makePaint(false) });
  assert.deepEqual(lines, [
    'DOMAIN      GATEWAY        STATE    SINCE  ALIVE  SHARE    AIM          KEYS',
    'ffmuc-welt  gw1.frankfurt  online     2 h      0      -  100 %     0 of 2000',
    'ffww01      gw1.frankfurt  online     2 h   1234  100 %  100 %  1500 of 2000',
    'ffww01      gw2            offline      -      0      -      -     0 of 2000',
    '',
    'Broker: mqtt.example.org:8883',
    'Without domains: front',
    'Stopped: gw9',
    '',
    'Needs attention:',
    '  ffww01: gw2 is offline',
  ]);
});

test('an empty fleet is no table', () => {
  const lines = renderFleet(buildReading({}), [], [], { width: 80, paint: makePaint(false) });
  assert.equal(lines[0], 'No gateway serves any domain.');
  assert.deepEqual((describeFleet(buildReading({}), [], []) as { gateways: object[] }).gateways, []);
});
