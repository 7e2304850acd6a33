import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseSudoRights } from '../../src/core/sudo-rights.ts';
import { damaged, texts } from './arbitraries.ts';

/** As the sudo of Debian 12 and that of Debian 13 print it, with one more rule. */
const RIGHTS = `Matching Defaults entries for wgkex on localhost:
    env_reset, mail_badpass,
    secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin,
    use_pty

Runas and Command-specific defaults for wgkex:
    Defaults!/usr/lib/wgkex/wgkex-handler env_keep=JOURNAL_STREAM, !use_pty,
    !pam_session, !pam_setcred
    Defaults!/usr/lib/wgkex/wgkex-handler umask_override, umask=0022

User wgkex may run the following commands on localhost:
    (root) NOPASSWD: /usr/lib/wgkex/wgkex-handler ""
    (ALL : ALL) /a/command/with/many/words one two three
        four
`;

test('a user may run what the rules say, with the options of the command; broken lines are joined', () => {
  const { rules, options } = parseSudoRights(RIGHTS);
  assert.deepEqual(rules, [
    '(root) NOPASSWD: /usr/lib/wgkex/wgkex-handler ""',
    '(ALL : ALL) /a/command/with/many/words one two three four',
  ]);
  assert.deepEqual(
    [...options],
    [
      [
        '/usr/lib/wgkex/wgkex-handler',
        ['env_keep=JOURNAL_STREAM', '!use_pty', '!pam_session', '!pam_setcred', 'umask_override', 'umask=0022'],
      ],
    ],
  );
});

test('who may run nothing has no rules', () => {
  const { rules, options } = parseSudoRights('User wgkex is not allowed to run sudo on localhost.\n');
  assert.deepEqual([rules, options.size], [[], 0]);
});

test('no text makes the parser fail, and no right comes from nowhere', () => {
  fc.assert(
    fc.property(fc.oneof(texts, damaged(fc.constant(RIGHTS))), (text) => {
      const words = text.replace(/\s+/g, ' ');
      for (const rule of parseSudoRights(text).rules) assert.ok(words.includes(rule.replace(/\s+/g, ' ')));
    }),
  );
});
