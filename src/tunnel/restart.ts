/** systemd.exec(5), `$SERVICE_RESULT`: the service was killed. */
const KILLED = ['signal', 'core-dump', 'watchdog', 'oom-kill'];
const EXITED = 'exit-code';
/** `RestartPreventExitStatus=` of the unit: another try would not help. */
const FINAL_STATUSES = ['2', '78'];

/**
 * Whether systemd starts wgkex-join again after it has ended like this. Then the tunnel stays as it is, and the new
 * wgkex-join adopts it: a crash costs nobody their tunnel. After anything else the service has ended for good, and so
 * has its tunnel: `success` (systemctl stop), `timeout` (it had to be killed for that), `protocol`, `resources`,
 * `exec-condition`, `start-limit-hit`, and a usage error or a bad file, which end wgkex-join with status 2 or 78.
 * @param result `$SERVICE_RESULT` of `ExecStopPost=`
 * @param status `$EXIT_STATUS` of `ExecStopPost=`
 */
export function isRestarting(result: string, status: string): boolean {
  return KILLED.includes(result) || (result === EXITED && !FINAL_STATUSES.includes(status));
}
