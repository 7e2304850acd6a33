import { isIPv4, isIPv6 } from 'node:net';

/** A tunnel as a client has it; written from the contract, without the parser's code. */
export interface ModelTunnel {
  readonly addresses: { readonly address4: string | undefined; readonly address6: string | undefined };
  readonly publicKey: string;
  readonly endpoint: string;
  readonly allowedIps: readonly string[];
  readonly dns: readonly string[];
  readonly mtu: number;
  readonly expires: number | undefined;
  readonly relay: string | undefined;
}

const FORM = new RegExp(
  [
    ...['^# Ends: (?<ends>[^\n]*)\n', '(?:# Relay: (?<relay>[^\n]*)\n)?'],
    ...[
      '\\[Interface\\]\n',
      'Address = (?<own>[^\n]*)\n',
      '(?:DNS = (?<dns>[^\n]*)\n)?',
      'MTU = (?<mtu>[1-9]\\d{2,3})\n',
    ],
    ...['\\[Peer\\]\n', 'PublicKey = (?<key>[^\n]*)\n', 'AllowedIPs = (?<routes>[^\n]*)\n'],
    ...['Endpoint = (?<endpoint>[^\n]*)\n', 'PersistentKeepalive = 25\n$'],
  ].join(''),
);

/** What a client makes of a configuration; undefined if it has to refuse it. */
export function expectTunnel(text: string): ModelTunnel | undefined {
  const found = FORM.exec(text)?.groups;
  if (found === undefined || text.length > 1500) return undefined;
  const { ends = '', relay, own = '', dns, mtu, key = '', routes = '', endpoint = '' } = found;
  const addresses = readOwn(own.split(', '));
  const parts = {
    addresses,
    publicKey: isKey(key) ? key : undefined,
    endpoint: readEndpoint(endpoint),
    allowedIps: readList(routes, maskNetwork, 64),
    dns: dns === undefined ? [] : readList(dns, readAddress, 4),
    mtu: isSize(Number(mtu), addresses?.address6 !== undefined) ? Number(mtu) : undefined,
    expires: readEnd(ends),
    relay: relay === undefined ? 'none' : readEndpoint(relay),
  };
  if (Object.values(parts).includes(undefined)) return undefined;
  const none = { expires: parts.expires === 'never', relay: parts.relay === 'none' };
  return {
    ...parts,
    ...(none.expires ? { expires: undefined } : {}),
    ...(none.relay ? { relay: undefined } : {}),
  } as ModelTunnel;
}

function readList(text: string, read: (word: string) => string | undefined, most: number): string[] | undefined {
  const found = text.split(', ').map(read);
  return isAll(found) && found.length <= most ? [...new Set(found)] : undefined;
}

function isSize(mtu: number, hasIpv6: boolean): boolean {
  return mtu >= (hasIpv6 ? 1280 : 576) && mtu <= 9000;
}

/** Whether a client takes a reply for `OK` with a configuration, for an error, or for nothing. */
export function expectReply(text: string, codes: readonly string[]): 'OK' | 'error' | undefined {
  if (codes.some((code) => code !== 'OK' && text === `ERR: ${code}\n`)) return 'error';
  const [, config = ''] = /^OK\n((?:[A-Za-z0-9+/]{4})*(?:..==|...=)?)\n[\w-]{43}\n$/.exec(text) ?? [];
  const isCanonical = config !== '' && btoa(atobOrNothing(config)) === config;
  return isCanonical && config.length <= 2000 ? 'OK' : undefined;
}

function atobOrNothing(text: string): string {
  try {
    return atob(text);
  } catch {
    return '';
  }
}

function readOwn(words: readonly string[]): ModelTunnel['addresses'] | undefined {
  const own = words.map((word) => {
    const [text = '', length] = word.split(/(?=\/)/);
    const address = readAddress(text);
    return address !== undefined && length === (address.includes(':') ? '/128' : '/32') ? address : undefined;
  });
  const [first, second] = own;
  if (!isAll(own) || first === undefined || own.length > 2) return undefined;
  if (second === undefined)
    return { address4: first.includes(':') ? undefined : first, address6: first.includes(':') ? first : undefined };
  return !first.includes(':') && second.includes(':') ? { address4: first, address6: second } : undefined;
}

/** As a browser prints it (https://url.spec.whatwg.org/#concept-ipv6-serializer). */
function readAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || /[%.]/.test(text)) return undefined;
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  return /^::ffff:[0-9a-f]+:[0-9a-f]+$/.test(address) ? undefined : address;
}

function maskNetwork(text: string): string | undefined {
  const [, before = '', length] = /^(.*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const [address, bits] = [readAddress(before), Number(length)];
  if (address === undefined || bits > (address.includes(':') ? 128 : 32)) return undefined;
  const parts = address.includes(':') ? spellOut(address) : address.split('.').map(Number);
  const width = address.includes(':') ? 16 : 8;
  const masked = parts.map((part, index) => {
    const kept = Math.min(width, Math.max(0, bits - index * width));
    return part - (part % 2 ** (width - kept));
  });
  const printed = masked.map((part) => (width === 16 ? part.toString(16) : `${part}`)).join(width === 16 ? ':' : '.');
  return `${width === 16 ? new URL(`http://[${printed}]`).hostname.slice(1, -1) : printed}/${bits}`;
}

function spellOut(address: string): number[] {
  const [before = [], after = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

function readEndpoint(text: string): string | undefined {
  const [, host = '', port = ''] = /^(.*):([1-9]\d*)$/.exec(text) ?? [];
  if (port === '' || port.length > 5 || Number(port) > 65_535) return undefined;
  if (isIPv4(host)) return text;
  if (!host.startsWith('[')) return isName(host) ? text : undefined;
  const address = host.endsWith(']') ? readAddress(host.slice(1, -1)) : undefined;
  return address === undefined || !address.includes(':') ? undefined : `[${address}]:${port}`;
}

function isName(host: string): boolean {
  const labels = host.split('.');
  const last = labels[labels.length - 1] ?? '';
  const isLabel = (label: string) =>
    /^[a-zA-Z0-9-]{1,63}$/.test(label) && !label.startsWith('-') && !label.endsWith('-');
  return host.length <= 253 && labels.every(isLabel) && !/^(\d+|0[xX][0-9a-fA-F]*)$/.test(last);
}

function readEnd(text: string): number | 'never' | undefined {
  if (text === 'never') return text;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined || hour === undefined) return undefined;
  const days = [
    31,
    year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28,
    31,
    30,
    31,
    30,
    31,
    31,
    30,
    31,
    30,
    31,
  ];
  const isTime =
    year >= 1970 &&
    day >= 1 &&
    day <= (days[month - 1] ?? 0) &&
    hour < 24 &&
    (minute ?? 60) < 60 &&
    (second ?? 60) < 60;
  return isTime ? Date.UTC(year, month - 1, day, hour, minute, second) / 1000 : undefined;
}

function isKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === text && bytes.some((byte) => byte !== 0);
}

function isAll(found: readonly (string | undefined)[]): found is readonly string[] {
  return found.every((one) => one !== undefined);
}
