import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findOption, parseSudoRights } from '../../../src/core/host/sudo-rights.ts';
import { damaged, texts } from '../arbitraries.ts';

const HANDLER = '/usr/lib/wgkex/wgkex-handler';
/** As the sudo of Debian 12 and that of Debian 13 print it, with one more rule. */
const RIGHTS = `Matching Defaults entries for wgkex on localhost:
    env_reset, mail_badpass,
    secure_path=/usr/local/sbin\\:/usr/local/bin\\:/usr/sbin\\:/usr/bin\\:/sbin\\:/bin,
    use_pty, requiretty, !fqdn

Runas and Command-specific defaults for wgkex:
    Defaults!/usr/lib/wgkex/wgkex-handler env_keep=JOURNAL_STREAM, !use_pty,
    !pam_session, !pam_setcred
    Defaults>root noexec
    Defaults!/bin/true umask=0777
    Defaults!/usr/lib/wgkex/wgkex-handler command_timeout=0
    Defaults!ALL log_output

User wgkex may run the following commands on localhost:
    (root) NOINTERCEPT: EXEC: NOPASSWD: /usr/lib/wgkex/wgkex-handler ""
    (ALL : ALL) /a/command/with/many/words one two three
        four
`;

test('a user may run what the rules say; broken lines are joined', () => {
  assert.deepEqual(parseSudoRights(RIGHTS).rules, [
    '(root) NOINTERCEPT: EXEC: NOPASSWD: /usr/lib/wgkex/wgkex-handler ""',
    '(ALL : ALL) /a/command/with/many/words one two three four',
  ]);
});

const OPTIONS = [
  ['use_pty', '!use_pty', 'the command is stronger than the user'],
  ['requiretty', 'requiretty', 'nothing else is said of it'],
  ['fqdn', '!fqdn', 'it is said of the user'],
  ['noexec', 'noexec', 'it is said of root'],
  ['pam_setcred', '!pam_setcred', 'broken lines are joined'],
  ['command_timeout', 'command_timeout=0', 'of what has a value the name is what is asked for'],
  ['log_output', 'log_output', 'it is said of all commands'],
  ['umask', undefined, 'it is said of another command'],
] as const;
for (const [name, expected, why] of OPTIONS) {
  test(`of the option ${name} counts ${expected ?? 'nothing'}: ${why}`, () => {
    assert.equal(findOption(parseSudoRights(RIGHTS), name, HANDLER), expected);
  });
}

test('sudo-rs prints rules alone', () => {
  const text = `User wgkex may run the following commands on vm:\n    (root) NOPASSWD: ${HANDLER}\n`;
  assert.deepEqual(parseSudoRights(text), { rules: [`(root) NOPASSWD: ${HANDLER}`], options: [] });
});

test('who may run nothing has no rules', () => {
  const { rules, options } = parseSudoRights('User wgkex is not allowed to run sudo on localhost.\n');
  assert.deepEqual([rules, options], [[], []]);
});

test('no text makes the parser fail, and no right comes from nowhere', () => {
  fc.assert(
    fc.property(fc.oneof(texts, damaged(fc.constant(RIGHTS))), (text) => {
      const words = text.replace(/\s+/g, ' ');
      for (const rule of parseSudoRights(text).rules) assert.ok(words.includes(rule.replace(/\s+/g, ' ')));
    }),
  );
});
