/** What its language takes for an integer. */
const INTEGER = /^\s*[+-]?\d+(_\d+)*\s*$/;

/**
 * Why a thread of freifunkMUC's broker for these domains ends at a message; undefined if it goes on. Topics are those that
 * it subscribes to.
 */
export function findBrokersDeath(topic: string, payload: Uint8Array, domains: readonly string[]): string | undefined {
  const [first, ...levels] = topic.split('/');
  if (first === 'wireguard-metrics') return findDeathByNumber(levels, payload, domains);
  return first === 'wireguard-worker' ? findDeathByWorker(levels, Buffer.from(payload).toString(), domains) : undefined;
}

function findDeathByNumber(
  [domain = '', worker, ...metric]: readonly string[],
  payload: Uint8Array,
  domains: readonly string[],
): string | undefined {
  if (!isUtf8(payload)) return 'it cannot be decoded';
  if (metric.length === 0) return 'it cannot be unpacked';
  if (!domains.includes(domain) || worker === '' || metric.join('/') === '') return undefined;
  return INTEGER.test(Buffer.from(payload).toString()) ? undefined : 'it is not an integer';
}

function findDeathByWorker(
  [, ...about]: readonly string[],
  text: string,
  domains: readonly string[],
): string | undefined {
  if (about.join('/') === 'status') return INTEGER.test(text) ? undefined : 'it is not an integer';
  const [domain = '', kind] = about;
  return kind === 'data' && domains.includes(domain) && !isJson(text) ? 'it is not JSON' : undefined;
}

/** Why the thread of freifunkMUC's worker that takes keys, or the one for messages, ends at a key. */
export function findWorkersDeath(topic: string, payload: Uint8Array, prefix: string): string | undefined {
  if (findStrippedDomain(topic, prefix) === undefined) return 'loop: its domain cannot be found';
  if (!isUtf8(payload)) return 'loop: it cannot be decoded';
  const text = Buffer.from(payload).toString();
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === text ? undefined : 'queue: it is not a key';
}

/** The domain of a key's topic, without the prefix of its name. */
export function findStrippedDomain(topic: string, prefix: string): string | undefined {
  return topic.match(new RegExp(`.*/${prefix}(\\w+)/`))?.[1];
}

/** Of a payload that is an integer. */
export function readInteger(payload: Uint8Array): number {
  return Number(Buffer.from(payload).toString().replaceAll('_', ''));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isUtf8(payload: Uint8Array): boolean {
  return Buffer.compare(Buffer.from(Buffer.from(payload).toString()), payload) === 0;
}
