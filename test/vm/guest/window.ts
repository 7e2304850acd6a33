// Shows a machine of a fleet to the other one: `/peers` are the keys in its kernel, `/boot` differs from boot to
// boot, `/report` is how far its test is, `/ca` is the broker's certificate authority,
// `/ticket` what its operator sends to the member on the other one.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { CA, INTERFACE, REPORT, TICKET, WINDOW_PORT } from './fleet-plan.ts';

const VIEWS: Record<string, () => string> = {
  '/peers': () => execFileSync('/usr/bin/wg', ['show', INTERFACE, 'peers'], { encoding: 'utf8' }),
  '/boot': () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'),
  '/report': () => readFileSync(REPORT, 'utf8'),
  '/ca': () => readFileSync(CA, 'utf8'),
  '/ticket': () => readFileSync(TICKET, 'utf8'),
};

createServer(({ url = '' }, response) => {
  try {
    response.end(VIEWS[url]?.());
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(WINDOW_PORT, '0.0.0.0');
