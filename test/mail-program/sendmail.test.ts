import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { RefusedError } from '../../src/mail/carrier.ts';
import type { Message } from '../../src/mail/message.ts';
import { openSendmail } from '../../src/mail/sendmail.ts';

const directory = mkdtempSync(join(tmpdir(), 'wgkex-sendmail-'));
after(() => rmSync(directory, { recursive: true }));
const MESSAGE: Message = {
  from: { name: 'Freifunk Köln', address: 'vpn@example.org' },
  to: 'anna@example.org',
  subject: 'Dein Zugang endet am 1. März',
  text: 'Grüße\n.\n',
  messageId: '<abcdefgh.never.extend@example.org>',
  headers: { 'Auto-Submitted': 'auto-generated' },
};

let count = 0;
function writeProgram(script: string): string {
  const path = join(directory, `sendmail-${count++}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('sendmail gets the whole mail, with the recipient in the header and nowhere else', async () => {
  const [words, mail] = [join(directory, 'words'), join(directory, 'mail')];
  await openSendmail(writeProgram(`echo "$@" >${words}; cat >${mail}`)).send(MESSAGE);
  assert.equal(readFileSync(words, 'utf8'), '-t -i\n');
  const text = readFileSync(mail, 'utf8');
  assert.doesNotMatch(text, /\r/);
  for (const line of [
    /^To: anna@example\.org$/m,
    /^From: =\?UTF-8\?Q\?Freifunk_K=C3=B6ln\?= <vpn@example\.org>$/m,
    /^Message-ID: <abcdefgh\.never\.extend@example\.org>$/m,
    /^Auto-Submitted: auto-generated$/m,
    /^Date: /m,
    /^\.$/m,
  ])
    assert.match(text, line);
  assert.doesNotMatch(text, /[\x80-\uffff]/);
});

describe('sendmail', () => {
  for (const [name, script, message, isRefusal] of [
    ['that is busy', 'cat >/dev/null; echo "try later" >&2; exit 75', /ended with 75: try later$/, false],
    ['that does not know the user', 'echo "no such user" >&2; exit 67', /ended with 67: no such user$/, true],
    ['that refuses the mail', 'exit 65', /ended with 65$/, true],
    ['that is killed', 'kill -9 $$', /ended with SIGKILL$/, false],
  ] as const)
    test(`${name} is ${isRefusal ? 'a refusal of this mail' : 'a failure of all mails'}`, async () => {
      const sending = openSendmail(writeProgram(script)).send(MESSAGE);
      const isIt = (error: Error) => message.test(error.message) && error instanceof RefusedError === isRefusal;
      await assert.rejects(sending, isIt);
    });

  test('that is missing is said to be', async () => {
    await assert.rejects(openSendmail(join(directory, 'none')).send(MESSAGE), /there is no .*none: install a mail/);
  });
});
