import { InputError } from '../values/errors.ts';
import { type HostPort, parseHostPort } from '../values/host-port.ts';
import { parseIpAddress } from '../values/ip-address.ts';
import { quote } from '../values/quote.ts';

/** parseHostPort refuses this port, so that one must be given. */
const NO_PORT = 0;

/** Parses `gw.example.org:443`, `192.0.2.1:443` or `[2001:db8::1]:443`. @throws InputError */
export function parseServer(text: string): HostPort {
  return understand(text, 'a server such as "gw.example.org:443" or "[2001:db8::1]:443"', () =>
    parseHostPort(text, NO_PORT),
  );
}

/** Parses an address of a machine, not a name: `127.0.0.1:51820`, `[::]:443`. @throws InputError */
export function parseAddress(text: string): HostPort {
  return understand(text, 'an address and a port such as "127.0.0.1:51820" or "[::]:443"', () => {
    const address = parseHostPort(text, NO_PORT);
    parseIpAddress(address.host);
    return address;
  });
}

function understand(text: string, expected: string, parse: () => HostPort): HostPort {
  try {
    return parse();
  } catch (error) {
    throw new InputError(`Cannot use ${quote(text)}: expected ${expected}`, { cause: error });
  }
}
