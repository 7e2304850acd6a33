import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countGateways, parseMeshSettings, parseNeighbours } from '../../../src/core/host/batctl.ts';

/** In the form of batctl's genl_json.c, with the values of its README. */
const NEIGHBOURS =
  '[{"hard_ifindex":3,"hard_ifname":"enp0s1","last_seen_msecs":708,"neigh_address":"16:7b:3c:c2:bf:b8"},{"hard_ifindex":3,"hard_ifname":"enp0s1","last_seen_msecs":1872,"neigh_address":"ae:1b:bf:52:25:58"}]\n';
const ORIGINATORS =
  '[{"hard_ifindex":3,"hard_ifname":"enp0s1","orig_address":"16:7b:3c:c2:bf:b8","last_seen_msecs":4380,"neigh_address":"ae:1b:bf:52:25:58","tq":236},{"hard_ifindex":3,"hard_ifname":"enp0s1","orig_address":"16:7b:3c:c2:bf:b8","best":true,"last_seen_msecs":4380,"neigh_address":"16:7b:3c:c2:bf:b8","tq":251},{"hard_ifindex":3,"hard_ifname":"enp0s1","orig_address":"12:6d:7d:6f:f9:03","best":true,"last_seen_msecs":4728,"neigh_address":"ae:1b:bf:52:25:58","tq":77}]\n';
const GATEWAYS =
  '[{"hard_ifindex":3,"hard_ifname":"enp0s1","orig_address":"02:62:e7:ab:01:01","tq":180,"bandwidth_up":20,"bandwidth_down":100,"router":"ae:1b:bf:52:25:58"},{"hard_ifindex":3,"hard_ifname":"enp0s1","orig_address":"02:62:e7:ab:06:01","best":true,"tq":236,"bandwidth_up":20,"bandwidth_down":100,"router":"ae:1b:bf:52:25:58"}]\n';
/** What batctl 2025.0 printed with batman-adv 2024.2 on a booted Debian 13, with one router. */
const REAL = {
  mesh: '{"version":"2024.2","algo_name":"BATMAN_IV","mesh_ifindex":4,"mesh_ifname":"bat0","mesh_address":"b2:be:67:d2:e2:c5","hard_ifindex":3,"hard_ifname":"vxww01","hard_address":"72:0d:23:48:fe:b3","tt_ttvn":2,"bla_crc":21677,"mcast_flags":{"all_unsnoopables": false,"want_all_ipv4": false,"want_all_ipv6": false,"want_no_rtr_ipv4": true,"want_no_rtr_ipv6": true,"have_mc_ptype_capa": true,"raw": 56},"gw_bandwidth_down":100,"gw_bandwidth_up":20,"gw_mode":"off","gw_sel_class":20,"hop_penalty":30,"orig_interval":1000,"multicast_fanout":16}\n',
  neighbours: '[{"hard_ifindex":3,"hard_ifname":"vxww01","last_seen_msecs":476,"neigh_address":"02:4e:d5:0e:f5:df"}]\n',
  originators:
    '[{"hard_ifindex":3,"hard_ifname":"vxww01","orig_address":"02:4e:d5:0e:f5:df","best":true,"last_seen_msecs":960,"neigh_address":"02:4e:d5:0e:f5:df","tq":205}]\n',
};

const rename = (text: string, name: string) => text.replaceAll('"enp0s1"', `"${name}"`);

describe('parseNeighbours()', () => {
  test('finds the link qualities of BATMAN_IV: each is the best path through the neighbour', () => {
    assert.deepEqual(parseNeighbours(NEIGHBOURS, ORIGINATORS), [
      { mac: '16:7b:3c:c2:bf:b8', port: 'enp0s1', silentSeconds: 0.708, tq: 251, throughput: undefined },
      { mac: 'ae:1b:bf:52:25:58', port: 'enp0s1', silentSeconds: 1.872, tq: 236, throughput: undefined },
    ]);
  });

  test('reads what a real mesh printed', () => {
    assert.deepEqual(parseNeighbours(REAL.neighbours, REAL.originators), [
      { mac: '02:4e:d5:0e:f5:df', port: 'vxww01', silentSeconds: 0.476, tq: 205, throughput: undefined },
    ]);
  });

  test('knows no link quality of a neighbour through which no path leads, or only by another interface', () => {
    for (const originators of ['[]\n', rename(ORIGINATORS, 'enp0s2')])
      assert.deepEqual(
        parseNeighbours(NEIGHBOURS, originators).map(({ tq }) => tq),
        [undefined, undefined],
      );
  });

  test('finds the throughput of BATMAN_V', () => {
    const neighbours = NEIGHBOURS.replaceAll('"last_seen_msecs"', '"throughput":12340,"last_seen_msecs"');
    const originators = ORIGINATORS.replaceAll(/"tq":\d+/g, '"throughput":9000');
    const [found] = parseNeighbours(neighbours, originators);
    assert.deepEqual([found?.tq, found?.throughput], [undefined, 12_340]);
  });

  test('finds none in an empty mesh', () => assert.deepEqual(parseNeighbours('[]\n', '[]\n'), []));

  test('rejects any other text', () => {
    for (const text of ['', 'Error', '{}', '[{}]', '[{"neigh_address":"x","hard_ifname":"y","last_seen_msecs":1}]'])
      assert.throws(() => parseNeighbours(text, '[]'), /^InputError: Cannot read the neighbours: /);
    assert.throws(() => parseNeighbours('[]', 'x'), /^InputError: Cannot read the originators: not JSON/);
  });
});

test('parseMeshSettings() finds the algorithm and the gateway mode', () => {
  assert.deepEqual(parseMeshSettings(REAL.mesh), { algorithm: 'BATMAN_IV', gatewayMode: 'off' });
  assert.throws(() => parseMeshSettings('\n'), /^InputError: Cannot read the mesh: /);
});

test('countGateways() counts each gateway once', () => {
  assert.equal(countGateways(GATEWAYS), 2);
  assert.equal(countGateways(GATEWAYS.replace('01:01', '06:01')), 1);
  assert.equal(countGateways('[]\n'), 0);
});
