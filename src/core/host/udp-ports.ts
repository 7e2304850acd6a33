/** The local ports of `/proc/net/udp`: numbers, an address and a port in hexadecimal digits in the second column. */
export function parseUdpPorts(text: string): Set<number> {
  const ports = [...text.matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4}) /gm)];
  return new Set(ports.map(([, port = '']) => Number.parseInt(port, 16)));
}
