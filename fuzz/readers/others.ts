import assert from 'node:assert/strict';
import { parseConfig } from '../../src/config/config.ts';
import { parseHandlerMessage } from '../../src/core/privsep/requests.ts';
import { Log } from '../../src/log/log.ts';
import { isInterface, parseJson, type Reader, readOrRefuse } from './reader.ts';

const CODES =
  'OK NO_DOMAIN NO_WGKEY INVALID_DOMAIN INVALID_WGKEY LINE_TOO_LONG PROHIBITED_WGKEY ADDRESS_TAKEN FULL BUSY FAILED';
const NUMBERS = 'alive,entries,idle,lastPass,passes,pending,removals,stale,static';
const PATH = '/etc/wgkex/wgkex.toml';
const DOMAIN = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** A handler's message. */
export const readReply: Reader = (text) => {
  const message = readOrRefuse(() => parseHandlerMessage(text));
  const value = parseJson(text) as Record<string, unknown> | null | undefined;
  const names = typeof value === 'object' && value !== null ? Object.getOwnPropertyNames(value).sort().join() : '';
  const { type, id, code, answers, domain, exchanges, numbers } = value ?? {};
  const isGreeting = names === 'answers,type' && type === 'ready' && isListOfTypes(answers);
  const isReply =
    names === 'code,id,type' && type === 'exchange' && isCount(id, 1) && CODES.split(' ').includes(`${code}`);
  const isBatch = names === 'domain,exchanges,type' && type === 'batch' && isDomain(domain) && isCount(exchanges, 1);
  const isNumbers =
    names === 'id,numbers,type' &&
    type === 'numbers' &&
    isCount(id, 1) &&
    (numbers === null || isNumbersOfDomain(numbers));
  assert.equal(message !== undefined, isGreeting || (isReply && typeof code === 'string') || isBatch || isNumbers);
};

function isListOfTypes(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => one === 'exchange' || one === 'numbers');
}

function isDomain(value: unknown): boolean {
  return typeof value === 'string' && DOMAIN.test(value);
}

function isNumbersOfDomain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const names = Object.getOwnPropertyNames(value).sort().join();
  return names === NUMBERS && Object.values(value).every((one) => isCount(one, 0));
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least;
}

/** The configuration: any text is refused in one line that names the file, or yields values to rely on. */
export const readConfiguration: Reader = (text) => {
  const config = readOrRefuse(() => parseConfig(text, PATH), /^\/etc\/wgkex\/wgkex\.toml: [^\p{Cc}\u2028\u2029]+$/u);
  if (config === undefined) return;
  const names = [...config.domains.values()].flatMap(({ wireguard, vxlan }) =>
    vxlan ? [wireguard, vxlan] : [wireguard],
  );
  assert.ok(names.every(isInterface));
  assert.equal(new Set(names).size, names.length, 'two domains share an interface');
  for (const [name, domain] of config.domains) assert.ok(DOMAIN.test(name) && domain.name === name);
  const { line_bytes, line_seconds, connections } = config.limits;
  assert.ok(line_bytes >= 44 && line_bytes <= 4096 && line_seconds > 0 && line_seconds <= 300 && connections >= 1);
  const domainNames = [...config.domains.values()].flatMap(({ name, names: others }) => [name, ...others]);
  assert.ok(domainNames.every((name) => DOMAIN.test(name)));
  assert.equal(new Set(domainNames).size, domainNames.length, 'a name occurs twice');
  const allowed = [...config.domains.values()].flatMap(({ allowed_keys }) => allowed_keys ?? []);
  for (const path of [
    ...allowed,
    config.static_keys,
    config.router_names,
    config.disallowed_keys,
    config.state_directory,
    config.runtime_directory,
  ]) {
    assert.match(path, /^\/[^\0]*$/);
  }
};

/** A client's text in a log line for the journal: all of it in quotes, and only that one line. */
export const readLogField: Reader = (text) => {
  const lines: string[] = [];
  const log = new Log({ level: 'info', addresses: 'full' }, 'journal', (line) => lines.push(line));
  log.reportAs('refused', 'refused', { sent: text, reason: text });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^<6>refused sent=("([^"\\]|\\.)*"|[!#-~…]+): [ -~…]{0,2500}\n$/);
};
