import { hostname } from 'node:os';
import {
  findOption,
  listOptions,
  nameOption,
  parseSudoRights,
  type SudoRights,
} from '../../../core/host/sudo-rights.ts';
import { findAccount, findAddress } from '../../../system/host/account.ts';
import { SudoAsUser, type SudoProgram } from '../../../system/host/sudo.ts';
import { ProgramError } from '../../../system/run/program-error.ts';
import type { Concern } from '../../gateway/concern.ts';
import { type Check, concern, isRoot, NEEDS_ROOT, NotChecked } from '../check.ts';
import { HANDLER, HARDEN, REINSTALL, SUDOERS, SUDOERS_OF_SUDO, USER } from './installation.ts';
import { isThere } from './trust.ts';

const RULE = `(root) NOPASSWD: ${HANDLER}`;
/** Against noexec and intercept, which another line may set for all commands. */
const TAGS = ['EXEC', 'NOINTERCEPT'];
/** With these, sudo starts the handler at once, in a way that works for the handler. */
const OPTIONS = ['!fqdn', 'env_keep=JOURNAL_STREAM', '!use_pty'];
/** For sudo only: it could refuse to start the handler, end it, come between it and the listener, or stay in front. */
const OPTIONS_OF_SUDO = [
  ...[
    'runas_default=root',
    '!requiretty',
    'command_timeout=0',
    '!log_input',
    '!log_output',
    '!log_subcmds',
    '!logfile',
  ],
  ...['!log_exit_status', '!pam_session', '!pam_setcred'],
];
const RENEW = `rm -f ${SUDOERS}; ${REINSTALL}`;
const NOT_ALLOWED = concern('sudo-rule-missing', `sudo does not let user ${USER} run the handler`, RENEW);
/** Even a sound machine may take up to this long when it is busy. */
const SLOW_SECONDS = 5;

export const sudo: Check = {
  name: 'sudo',
  async find({ config }) {
    if (!usesSudo(config.handler)) return new NotChecked('the handler is started without sudo');
    if (!isRoot()) return NEEDS_ROOT;
    if ((await findAccount(USER)) === undefined) return new NotChecked(`there is no user ${USER}`);
    return judgeStart(new SudoAsUser(findProgram(config.handler), USER));
  },
};

/** Matches the default, and other spellings that an operator may use. */
export function usesSudo([program = '']: readonly string[]): boolean {
  return /(^|\/)sudo(-rs)?$/.test(program);
}

function findProgram([program = '']: readonly string[]): SudoProgram {
  return program.endsWith('-rs') ? 'sudo-rs' : 'sudo';
}

async function judgeStart(asUser: SudoAsUser): Promise<Concern[]> {
  const start = performance.now();
  try {
    const rights = parseSudoRights(await asUser.list());
    const seconds = (performance.now() - start) / 1000;
    const slow = seconds < SLOW_SECONDS ? [] : await judgeName(seconds);
    // Every further call of sudo would take just as long.
    if (slow.length > 0) return [...slow, ...judgeRules(rights), ...judgeOptions(rights)];
    const takesArguments = await asUser.allows(HANDLER, '--version');
    return [
      ...judgeRules(rights),
      ...(takesArguments
        ? [concern('sudo-arguments', `sudo lets user ${USER} pass arguments to the handler`, RENEW)]
        : []),
      ...((await asUser.isSudoRs()) ? judgeSudoRs() : judgeOptions(rights)),
    ];
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const slow = error.exitCode === undefined ? await judgeName((performance.now() - start) / 1000) : [];
    return slow.length > 0 ? slow : [describeRefusal(error)];
  }
}

/** Explains why sudo is slow if it is the usual reason. */
async function judgeName(seconds: number): Promise<Concern[]> {
  const name = hostname();
  const start = performance.now();
  await findAddress(name).catch(() => {});
  if (performance.now() - start < SLOW_SECONDS * 1000) return [];
  const reason = `it looks up "${name}", the name of this machine, which is not in /etc/hosts, and no name server answers`;
  return [
    concern('sudo-slow', `sudo takes ${Math.round(seconds)} s: ${reason}`, `echo '127.0.1.1 ${name}' >>/etc/hosts`),
  ];
}

/** Quotes sudo; for a user without any rule, sudo asks for a password or apologises. */
function describeRefusal({ message }: ProgramError): Concern {
  const reason = message.replace(/^Cannot run setpriv .*?: (sudo(-rs)?: )?/, '');
  if (/password|Sorry|authentication/.test(reason)) return NOT_ALLOWED;
  const remedy = 'visudo --check; grep -r Defaults /etc/sudoers /etc/sudoers.d';
  return concern('sudo-refuses', `sudo refuses user ${USER}: ${reason}`, isThere(SUDOERS_OF_SUDO) ? remedy : HARDEN);
}

/** The package's rule must be there unchanged, and no other rule. sudo-rs 0.2.5 does not print all of it. */
function judgeRules({ rules }: SudoRights): Concern[] {
  const isOurs = (rule: string) => rule.replace(/\b(EXEC|NOINTERCEPT): /g, '').replace(/ ""$/, '') === RULE;
  if (!rules.some(isOurs)) return [NOT_ALLOWED];
  const more = rules.filter((rule) => !isOurs(rule));
  return more.map((rule) =>
    concern(
      'sudo-other-rule',
      `sudo also lets user ${USER} run ${rule}`,
      `grep -rw ${USER} /etc/sudoers /etc/sudoers.d`,
    ),
  );
}

/** sudo-rs does not list its options. */
function judgeSudoRs(): Concern[] {
  return isThere(SUDOERS_OF_SUDO)
    ? [concern('sudo-rs-options', `sudo-rs warns about ${SUDOERS_OF_SUDO}, which is for sudo, at each start`, HARDEN)]
    : [];
}

export function judgeOptions(rights: SudoRights): Concern[] {
  const isSet = (option: string) => findOption(rights, nameOption(option), HANDLER) === option;
  const unset = [...OPTIONS, ...OPTIONS_OF_SUDO].filter((option) => !isSet(option));
  const given = listOptions(rights, HANDLER);
  const undone = unset.filter((option) => given.includes(option));
  const missing = unset.filter((option) => !undone.includes(option));
  const untagged = TAGS.filter((tag) => !rights.rules.some((rule) => rule.includes(`${tag}: `)));
  const names = undone.map(nameOption).join('|');
  return [
    ...judgeMissing([...missing.filter((option) => OPTIONS.includes(option)), ...untagged], RENEW),
    ...judgeMissing(
      missing.filter((option) => OPTIONS_OF_SUDO.includes(option)),
      HARDEN,
    ),
    ...(undone.length === 0
      ? []
      : [
          concern(
            'sudo-options-undone',
            `a line in sudoers undoes ${undone.join(', ')} for the handler`,
            `grep -rwE '${names}' /etc/sudoers /etc/sudoers.d`,
          ),
        ]),
  ];
}

function judgeMissing(words: readonly string[], remedy: string): Concern[] {
  return words.length === 0
    ? []
    : [concern('sudo-options', `sudo runs the handler without ${words.join(', ')}`, remedy)];
}
