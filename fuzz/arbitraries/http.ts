import fc from 'fast-check';
import { anyBytes, type Bytes, cut, mutated, toBytes } from './bytes.ts';
import { badDomainsOf, badKeys, keysOf, type Vocabulary } from './words.ts';

const PATHS = ['/api/v1/wg/key/exchange', '/api/v2/wg/key/exchange', '/', '/ping', '/api/add_key', '/elsewhere', '*'];
const METHODS = ['POST', 'POST', 'POST', 'GET', 'HEAD', 'PUT', 'OPTIONS', 'CONNECT', 'PATCH'];
const HEADERS = [
  'Content-Type: application/json',
  'Expect: 100-continue',
  'Expect: x',
  'Connection: close',
  'Connection: Upgrade\r\nUpgrade: h2c',
  'X-Forwarded-For: 192.0.2.1',
  'X: a\r\n b',
  'X: a\rb',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Content-Length: 5',
  'Content-Length: -1',
  'Host : x',
  `X: ${'a'.repeat(9000)}`,
];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9'];
const ODD_VALUES: readonly unknown[] = [null, 1, true, '', ' ', [], {}, ['ffww01'], { domain: 'ffww01' }];

/** Bodies of an exchange, good and bad. */
export function bodiesOf(vocabulary: Vocabulary): fc.Arbitrary<Bytes> {
  const domain = fc.oneof(
    fc.constantFrom(...vocabulary.domains),
    badDomainsOf(vocabulary),
    fc.constantFrom(...ODD_VALUES),
  );
  const key = fc.oneof(keysOf(vocabulary), badKeys, fc.constantFrom(...ODD_VALUES));
  const names = fc.constantFrom('domain', 'segment', 'public_key', 'node_name', '__proto__', 'Domain', 'constructor');
  const good = fc.record({ domain: fc.constantFrom(...vocabulary.domains), public_key: keysOf(vocabulary) });
  const mixed = fc
    .array(fc.tuple(names, fc.oneof(domain, key)), { maxLength: 5 })
    .map((fields) => Object.fromEntries(fields));
  const json = fc
    .oneof(
      good,
      mixed,
      fc.json().map((text) => JSON.parse(text)),
    )
    .map((value) => toBytes(JSON.stringify(value)));
  return fc.oneof(
    { weight: 4, arbitrary: json },
    { weight: 2, arbitrary: mutated(json) },
    { weight: 1, arbitrary: anyBytes },
  );
}

/** What a client sends: requests, good and bad, in chunks. */
export function requestsOf(vocabulary: Vocabulary): fc.Arbitrary<Bytes[]> {
  const request = fc
    .record({
      method: fc.constantFrom(...METHODS),
      path: fc.constantFrom(...PATHS),
      version: fc.constantFrom(...VERSIONS),
      headers: fc.array(fc.constantFrom(...HEADERS), { maxLength: 3 }),
      body: bodiesOf(vocabulary),
      framing: fc.constantFrom('length', 'length', 'chunks', 'none' as const),
    })
    .map(({ method, path, version, headers, body, framing }) => {
      const lines = [`${method} ${path} ${version}`, 'Host: x', ...headers, ...frameHeader(framing, body)];
      return `${lines.join('\r\n')}\r\n\r\n${frameBody(framing, body)}`;
    });
  const sequence = fc.array(request, { minLength: 1, maxLength: 3 }).map((requests) => requests.join(''));
  return cut(fc.oneof({ weight: 3, arbitrary: sequence }, { weight: 2, arbitrary: mutated(sequence) }, anyBytes));
}

type FramingKind = 'length' | 'chunks' | 'none';

function frameHeader(framing: FramingKind, body: Bytes): string[] {
  if (framing === 'length') return [`Content-Length: ${body.length}`];
  return framing === 'chunks' ? ['Transfer-Encoding: chunked'] : [];
}

function frameBody(framing: FramingKind, body: Bytes): Bytes {
  if (framing === 'length') return body;
  return framing === 'chunks' && body !== '' ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : '';
}
