import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUdpPorts } from '../../../src/core/host/udp-ports.ts';

const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  105: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 10283 2 0000000000000000 0
 2213: 00000000:CA6C 0100007F:0044 07 00000000:00000000 00:00000000 00000000   101        0 24217 2 0000000000000000 0
`;

test('parseUdpPorts() finds the local ports, not those of the other side', () => {
  assert.deepEqual([...parseUdpPorts(UDP)], [67, 51_820]);
  assert.deepEqual([...parseUdpPorts(UDP.split('\n')[0] ?? '')], []);
});
