import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findOption, listOptions, parseSudoRights } from '../../../src/core/host/sudo-rights.ts';
import { damaged, texts } from '../arbitraries.ts';

const HANDLER = '/usr/lib/wgkex/wgkex-handler';
/** As sudo prints it on Debian 12 and 13, with one more rule. */
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
  ['use_pty', '!use_pty', 'the command overrides the user'],
  ['requiretty', 'requiretty', 'it is set only once'],
  ['fqdn', '!fqdn', 'it is set for the user'],
  ['noexec', 'noexec', 'it is set for root'],
  ['pam_setcred', '!pam_setcred', 'broken lines are joined'],
  ['command_timeout', 'command_timeout=0', 'an option with a value is found by its name'],
  ['log_output', 'log_output', 'it is set for all commands'],
  ['umask', undefined, 'it is set for another command'],
] as const;
for (const [name, expected, why] of OPTIONS) {
  test(`the option ${name} counts as ${expected ?? 'not set'}: ${why}`, () => {
    assert.equal(findOption(parseSudoRights(RIGHTS), name, HANDLER), expected);
  });
}

test('the options of another command, such as that of wgkex-client, are not those of the handler', () => {
  const options = listOptions(parseSudoRights(RIGHTS), HANDLER);
  assert.deepEqual([options.includes('umask=0777'), options.includes('!pam_setcred')], [false, true]);
});

test('sudo-rs prints only rules', () => {
  const text = `User wgkex may run the following commands on vm:\n    (root) NOPASSWD: ${HANDLER}\n`;
  assert.deepEqual(parseSudoRights(text), { rules: [`(root) NOPASSWD: ${HANDLER}`], options: [] });
});

test('a user who may not run anything has no rules', () => {
  const { rules, options } = parseSudoRights('User wgkex is not allowed to run sudo on localhost.\n');
  assert.deepEqual([rules, options], [[], []]);
});

test('no text makes the parser fail, and every rule is in the text', () => {
  fc.assert(
    fc.property(fc.oneof(texts, damaged(fc.constant(RIGHTS))), (text) => {
      const words = text.replace(/\s+/g, ' ');
      for (const rule of parseSudoRights(text).rules) assert.ok(words.includes(rule.replace(/\s+/g, ' ')));
    }),
  );
});
