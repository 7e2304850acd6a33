import { type DomainName, isDomainName } from '../values/names.ts';
import { type GatewayId, isGatewayId } from './gateway-id.ts';

/** Stands for every worker in the topics of keys. */
export const ALL = 'all';

/** What a message is about, as far as its topic tells. No payload ever names a topic. */
export type Topic =
  | { readonly kind: 'state'; readonly gateway: GatewayId; readonly domain: DomainName }
  | { readonly kind: 'status'; readonly gateway: GatewayId }
  | { readonly kind: 'data'; readonly gateway: GatewayId; readonly domain: DomainName }
  | { readonly kind: 'number'; readonly gateway: GatewayId; readonly domain: DomainName }
  | { readonly kind: 'key'; readonly gateway: GatewayId | typeof ALL; readonly domain: DomainName }
  | { readonly kind: 'exchange'; readonly gateway: GatewayId; readonly front: GatewayId }
  | { readonly kind: 'reply'; readonly front: GatewayId; readonly gateway: GatewayId };

/** The topic's name; `prefix` is the part of all topics of a community. */
export function formatTopic(topic: Topic, prefix: string): string {
  switch (topic.kind) {
    case 'state':
      return `${prefix}wgkex/gateway/${topic.gateway}/${topic.domain}`;
    case 'status':
      return `${prefix}wireguard-worker/${topic.gateway}/status`;
    case 'data':
      return `${prefix}wireguard-worker/${topic.gateway}/${topic.domain}/data`;
    case 'number':
      return `${prefix}wireguard-metrics/${topic.domain}/${topic.gateway}/connected_peers`;
    case 'key':
      return `${prefix}wireguard/${topic.domain}/${topic.gateway}`;
    case 'exchange':
      return `${prefix}wgkex/exchange/${topic.gateway}/${topic.front}`;
    case 'reply':
      return `${prefix}wgkex/reply/${topic.front}/${topic.gateway}`;
  }
}

/** Undefined for a topic that is not ours, or has a name in it that is none. */
export function parseTopic(text: string, prefix: string): Topic | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const [first = '', ...levels] = text.slice(prefix.length).split('/');
  if (first === 'wgkex') return parseOwn(levels);
  return levels.length > 3 || levels.at(-1) === '' ? undefined : parseFreifunkMuc(first, levels);
}

/** Everything that a gateway and front of this name needs to hear; that of workers only if it may choose some. */
export function listSubscriptions(id: GatewayId, prefix: string, hasWorkers: boolean): string[] {
  const worker = hasWorkers ? '+' : id;
  const asked = [`wgkex/exchange/${id}/+`, `wgkex/reply/${id}/+`, `wireguard/+/${ALL}`, `wireguard/+/${id}`];
  return [...listStates(), ...listOfWorkers(worker), ...asked].map((filter) => prefix + filter);
}

/** What gateways and workers say of themselves. */
export function listAnnouncements(prefix: string): string[] {
  return [...listStates(), ...listOfWorkers('+')].map((filter) => prefix + filter);
}

function listStates(): string[] {
  return ['wgkex/gateway/+/+', 'wireguard-worker/+/status'];
}

function listOfWorkers(worker: string): string[] {
  return [`wireguard-worker/${worker}/+/data`, `wireguard-metrics/+/${worker}/connected_peers`];
}

function parseOwn([kind, one = '', other = '', ...more]: readonly string[]): Topic | undefined {
  if (more.length > 0 || !isGatewayId(one)) return undefined;
  if (kind === 'gateway') return isDomainName(other) ? { kind: 'state', gateway: one, domain: other } : undefined;
  if (!isGatewayId(other)) return undefined;
  if (kind === 'exchange') return { kind, gateway: one, front: other };
  return kind === 'reply' ? { kind, front: one, gateway: other } : undefined;
}

function parseFreifunkMuc(first: string, [one = '', other = '', last]: readonly string[]): Topic | undefined {
  switch (`${first} ${last ?? ''}`) {
    case 'wireguard-worker ':
      return other === 'status' && isGatewayId(one) ? { kind: 'status', gateway: one } : undefined;
    case 'wireguard-worker data':
      return parsePlace('data', one, other);
    case 'wireguard-metrics connected_peers':
      return parsePlace('number', other, one);
    case 'wireguard ':
      return other === ALL && isDomainName(one)
        ? { kind: 'key', gateway: ALL, domain: one }
        : parsePlace('key', other, one);
    default:
      return undefined;
  }
}

function parsePlace(kind: 'data' | 'number' | 'key', gateway: string, domain: string): Topic | undefined {
  return isGatewayId(gateway) && isDomainName(domain) ? { kind, gateway, domain } : undefined;
}
