import { hostname } from 'node:os';
import { findOption, nameOption, parseSudoRights, type SudoRights } from '../../../core/host/sudo-rights.ts';
import { findAccount, findAddress } from '../../../system/host/account.ts';
import { SudoAsUser, type SudoProgram } from '../../../system/host/sudo.ts';
import { ProgramError } from '../../../system/run/program-error.ts';
import type { Concern } from '../../gateway/attention.ts';
import { type Check, concern, isRoot, NEEDS_ROOT, NotChecked } from '../check.ts';
import { HANDLER, HARDEN, REINSTALL, SUDOERS, SUDOERS_OF_SUDO, USER } from './installation.ts';
import { isThere } from './trust.ts';

const RULE = `(root) NOPASSWD: ${HANDLER}`;
/** Against noexec and intercept, which others may have asked of all commands. */
const TAGS = ['EXEC', 'NOINTERCEPT'];
/** With these the handler is started at once, in a way that it can work with. */
const OPTIONS = ['!fqdn', 'env_keep=JOURNAL_STREAM', '!use_pty'];
/** What sudo alone needs: it could refuse to start the handler, end it, come between it and the listener, or stay in front. */
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
const NOT_ALLOWED = concern(`sudo does not let user ${USER} run the handler`, RENEW);
/** A busy machine may need as long without a fault. */
const SLOW_SECONDS = 5;

export const sudo: Check = {
  name: 'sudo',
  async find({ config }) {
    if (!usesSudo(config.handler)) return new NotChecked('the handler is started without it');
    if (!isRoot()) return NEEDS_ROOT;
    if ((await findAccount(USER)) === undefined) return new NotChecked(`there is no user ${USER}`);
    return judgeStart(new SudoAsUser(findProgram(config.handler), USER));
  },
};

/** The default, and whatever an operator writes in its place. */
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
    // Each further question would take as long.
    if (slow.length > 0) return [...slow, ...judgeRules(rights), ...judgeOptions(rights)];
    const takesArguments = await asUser.allows(HANDLER, '--version');
    return [
      ...judgeRules(rights),
      ...(takesArguments ? [concern(`sudo lets user ${USER} give the handler arguments`, RENEW)] : []),
      ...((await asUser.isSudoRs()) ? judgeSudoRs() : judgeOptions(rights)),
    ];
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const slow = error.exitCode === undefined ? await judgeName((performance.now() - start) / 1000) : [];
    return slow.length > 0 ? slow : [describeRefusal(error)];
  }
}

/** Why sudo takes its time, where it is for the usual reason. */
async function judgeName(seconds: number): Promise<Concern[]> {
  const name = hostname();
  const start = performance.now();
  await findAddress(name).catch(() => {});
  if (performance.now() - start < SLOW_SECONDS * 1000) return [];
  const reason = `it looks up "${name}", the name of this machine, which is not in /etc/hosts, and no name server answers`;
  return [concern(`sudo takes ${Math.round(seconds)} s: ${reason}`, `echo '127.0.1.1 ${name}' >>/etc/hosts`)];
}

/** In sudo's words; those for a user without any rule speak of a password, or are an apology. */
function describeRefusal({ message }: ProgramError): Concern {
  const reason = message.replace(/^Cannot run setpriv .*?: (sudo(-rs)?: )?/, '');
  if (/password|Sorry|authentication/.test(reason)) return NOT_ALLOWED;
  const remedy = 'visudo --check; grep -r Defaults /etc/sudoers /etc/sudoers.d';
  return concern(`sudo refuses user ${USER}: ${reason}`, isThere(SUDOERS_OF_SUDO) ? remedy : HARDEN);
}

/** The rule of the package must be there as it came, and no other one. sudo-rs 0.2.5 does not print all of it. */
function judgeRules({ rules }: SudoRights): Concern[] {
  const isOurs = (rule: string) => rule.replace(/\b(EXEC|NOINTERCEPT): /g, '').replace(/ ""$/, '') === RULE;
  if (!rules.some(isOurs)) return [NOT_ALLOWED];
  const more = rules.filter((rule) => !isOurs(rule));
  return more.map((rule) =>
    concern(`sudo also lets user ${USER} run ${rule}`, `grep -rw ${USER} /etc/sudoers /etc/sudoers.d`),
  );
}

/** sudo-rs does not say which options it has. */
function judgeSudoRs(): Concern[] {
  return isThere(SUDOERS_OF_SUDO)
    ? [concern(`sudo-rs warns of ${SUDOERS_OF_SUDO} at each start, which is for sudo`, HARDEN)]
    : [];
}

export function judgeOptions(rights: SudoRights): Concern[] {
  const isSet = (option: string) => findOption(rights, nameOption(option), HANDLER) === option;
  const unset = [...OPTIONS, ...OPTIONS_OF_SUDO].filter((option) => !isSet(option));
  const undone = unset.filter((option) => rights.options.some(({ text }) => text === option));
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
            `a line of sudoers undoes ${undone.join(', ')} for the handler`,
            `grep -rwE '${names}' /etc/sudoers /etc/sudoers.d`,
          ),
        ]),
  ];
}

function judgeMissing(words: readonly string[], remedy: string): Concern[] {
  return words.length === 0 ? [] : [concern(`sudo runs the handler without ${words.join(', ')}`, remedy)];
}
