import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  decodeConfig,
  MOST_REPLY_BYTES,
  parseGatewayReply,
} from '../../../../src/core/client/configuration/gateway-reply.ts';
import { type ErrorCode, formatReply, REPLY_CODES } from '../../../../src/core/exchange/exchange.ts';
import { damaged, parseOrRefuse, texts } from '../../arbitraries.ts';
import { proofs } from '../../leases/lease-arbitraries.ts';
import vectors from '../../leases/vectors.json' with { type: 'json' };

const CODES = REPLY_CODES.filter((code): code is ErrorCode => code !== 'OK');
const CONFIG = vectors[0]?.line ?? assert.fail();
const PROOF = 'gZB8XqQenPcPoc5qOxWi5JZIpzMmMsRVd0FY4EJBPSU';
const OK = `OK\n${CONFIG}\n${PROOF}\n`;
const CODE = 'line 1: expected "OK" or "ERR: " and a code';
const KNOWN = 'line 1: expected a known code after "ERR: "';
const IS_CONFIG = 'line 2: expected a configuration of a lease, at most 2000 characters of base64';
const IS_PROOF = 'line 3: expected a proof, 43 characters of base64url';

const configs = fc.uint8Array({ minLength: 1, maxLength: 1500 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const replies = fc.oneof(
  fc.tuple(configs, proofs).map(([config, proof]) => formatReply('OK', { config, proof })),
  fc.constantFrom(...CODES).map((code) => formatReply(code)),
);
const parse = (text: string) => parseGatewayReply(Buffer.from(text, 'latin1'));

describe("a gateway's reply to a member", () => {
  test('is read as the gateway wrote it', () => {
    fc.assert(
      fc.property(configs, proofs, (config, proof) => {
        assert.deepEqual(parse(formatReply('OK', { config, proof })), { code: 'OK', config, proof });
      }),
    );
    for (const code of CODES) assert.deepEqual(parse(formatReply(code)), { code });
  });

  test('is any text that is written again as itself, or is refused with one printable line', () => {
    fc.assert(
      fc.property(fc.oneof(texts, damaged(replies)), (text) => {
        const bytes = Buffer.from(text);
        const reply = parseOrRefuse(() => parseGatewayReply(bytes));
        if (reply === undefined) return;
        assert.equal(reply.code === 'OK' ? formatReply('OK', reply) : formatReply(reply.code), bytes.toString());
      }),
      { numRuns: 1000 },
    );
  });

  for (const [name, text, message] of [
    ['nothing', '', `${CODE}, found nothing`],
    ['a line feed', '\n', `${CODE}, found nothing`],
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', `${CODE}, found "HTTP/1.1 400 Bad Request\\r"`],
    ['OK in small letters', OK.toLowerCase(), `${CODE}, found "ok"`],
    ['OK with a carriage return', OK.replace('\n', '\r\n'), `${CODE}, found "OK\\r"`],
    ['OK with a blank', OK.replace('\n', ' \n'), `${CODE}, found "OK "`],
    ['NUL in front', `\0${OK}`, `${CODE}, found "\\u0000OK"`],
    ['OK alone, as for a domain without leases', 'OK\n', `${IS_CONFIG}, found nothing`],
    ['OK that does not end', 'OK', `${IS_CONFIG}, found nothing`],
    ['a configuration in clear', 'OK\n[Interface]\n', `${IS_CONFIG}, found "[Interface]"`],
    ['a configuration in base64url', `OK\n-_-_\n${PROOF}\n`, `${IS_CONFIG}, found "-_-_"`],
    ['a configuration without padding', `OK\nAA\n${PROOF}\n`, `${IS_CONFIG}, found "AA"`],
    ['a configuration with spare bits', `OK\nAB==\n${PROOF}\n`, `${IS_CONFIG}, found "AB=="`],
    ['a blank in a configuration', `OK\nAAAA AAAA\n${PROOF}\n`, `${IS_CONFIG}, found "AAAA AAAA"`],
    ['a long configuration', `OK\n${'A'.repeat(2004)}\n${PROOF}\n`, `${IS_CONFIG}, found "${'A'.repeat(64)}"…`],
    ['no proof', `OK\n${CONFIG}\n`, `${IS_PROOF}, found nothing`],
    ['a padded proof', OK.replace(PROOF, `${PROOF}=`), `${IS_PROOF}, found "${PROOF}="`],
    ['half a proof', `OK\n${CONFIG}\n${PROOF.slice(0, 20)}`, `${IS_PROOF}, found "${PROOF.slice(0, 20)}"`],
    ['a proof that does not end', OK.trimEnd(), 'line 3: expected a line feed at its end, found nothing'],
    ['a fourth line', `${OK}PostUp = id\n`, 'line 4: expected nothing more, found "PostUp = id\\n"'],
    ['a second reply', `${OK}ERR: FULL\n`, 'line 4: expected nothing more, found "ERR: FULL\\n"'],
    ['an empty line more', `${OK}\n`, 'line 4: expected nothing more, found "\\n"'],
    ['an unknown code', 'ERR: TEAPOT\n', `${KNOWN}, found "TEAPOT"`],
    ['the code OK as an error', 'ERR: OK\n', `${KNOWN}, found "OK"`],
    ['no code', 'ERR: \n', `${KNOWN}, found nothing`],
    ['the name of a property', 'ERR: constructor\n', `${KNOWN}, found "constructor"`],
    ['a code with a carriage return', 'ERR: FULL\r\n', `${KNOWN}, found "FULL\\r"`],
    ['a code that does not end', 'ERR: FULL', 'line 1: expected a line feed at its end, found nothing'],
    ['a code and more', `ERR: FULL\n${OK}`, 'line 2: expected nothing more, found "OK\\n'],
    ['bytes of UTF-8', 'ERR: \xc3\xbc\n', `${KNOWN}, found "\\u00c3\\u00bc"`],
    ['4,097 bytes', `${OK}${'x'.repeat(4097)}`.slice(0, 4097), 'expected at most 4096 bytes, found 4097'],
    ['a million line feeds', '\n'.repeat(1_000_000), 'expected at most 4096 bytes, found 1000000'],
  ] as const)
    test(`is refused if it is ${name}`, () => {
      assert.throws(
        () => parse(text),
        (error: Error) => {
          assert.equal(error.name, 'InputError');
          assert.ok(error.message.startsWith(`Cannot read the gateway's reply: ${message}`), error.message);
          return true;
        },
      );
    });

  test('has room for the largest configuration', () => {
    const reply = formatReply('OK', { config: 'A'.repeat(2000), proof: PROOF });
    assert.ok(reply.length <= MOST_REPLY_BYTES);
    assert.equal(parse(reply).code, 'OK');
  });
});

describe('the line of a configuration', () => {
  test('is decoded byte by byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 1500 }), (bytes) => {
        const text = decodeConfig(Buffer.from(bytes).toString('base64'));
        assert.deepEqual(Buffer.from(text, 'latin1'), Buffer.from(bytes));
      }),
    );
  });

  for (const line of ['', 'A', 'AB==', 'AAAA\n', 'AAAA=', '====', 'A'.repeat(2004)])
    test(`is refused if it is ${JSON.stringify(line.slice(0, 20))}`, () => {
      assert.throws(() => decodeConfig(line), {
        name: 'InputError',
        message: /^Cannot read the gateway's configuration: expected .* base64$/,
      });
    });
});
