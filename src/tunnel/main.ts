import { EXIT_FAILURE, exitWithUsageError, readCommandLine } from '../command-line.ts';
import { type InstanceName, parseInstanceName } from '../core/client/instance.ts';
import { describeError } from '../core/values/errors.ts';
import { Attention } from '../log/flood-guard.ts';
import { Log } from '../log/log.ts';
import { ROOT_UMASK } from '../system/files/trust.ts';
import { ignoreSignals } from '../system/run/ignore-signals.ts';
import { endOthers } from './end-others.ts';
import { endTunnel, PLACES } from './hold.ts';
import { KERNEL } from './kernel.ts';
import { serveRequests } from './requests.ts';
import { isRestarting } from './restart.ts';
import { TunnelService } from './service.ts';

const PROGRAM = 'wgkex-tunnel';
const HELP = `Usage: ${PROGRAM}
       ${PROGRAM} --down NAME [--result RESULT --status STATUS]

The root part of wgkex-join, which starts it through sudo. It reads requests from standard
input and replies on standard output, one JSON object per line, until its input ends; the
tunnel stays.

  --down NAME      take the tunnel NAME down, and all that belongs to it
  --result RESULT  but not if its service ended with this $SERVICE_RESULT of systemd and
  --status STATUS  this $EXIT_STATUS, and starts again
  --help           print this text
  --version        print the version`;
const OPTIONS = {
  down: { type: 'string' },
  result: { type: 'string', default: '' },
  status: { type: 'string', default: '' },
} as const;

async function main(): Promise<void> {
  ignoreSignals();
  process.umask(ROOT_UMASK);
  const { values } = readCommandLine({ program: PROGRAM, help: HELP, options: OPTIONS, hasConfig: false });
  if (process.getuid?.() !== 0) exitWithUsageError(PROGRAM, 'it must be run as root');
  const log = new Log({ level: 'info', addresses: 'full' });
  const { down, result, status } = values;
  if (down === undefined) await serve(log);
  else if (!isRestarting(String(result), String(status))) await takeDown(readName(String(down)), log);
  process.exit();
}

async function serve(log: Log): Promise<void> {
  const attention = new Attention(log);
  process.on('exit', () => attention.flush());
  // If nobody reads the replies any more, the input ends, too.
  process.stdout.on('error', () => {});
  try {
    await serveRequests(process.stdin, process.stdout, (name) => new TunnelService(name, KERNEL, attention, PLACES));
  } catch (error) {
    log.report('tunnel helper ended', { reason: describeError(error) });
    process.exitCode = EXIT_FAILURE;
  }
}

async function takeDown(name: InstanceName, log: Log): Promise<void> {
  try {
    endOthers(name);
    if (await endTunnel(name, PLACES, KERNEL)) log.report('tunnel down', { reason: 'its service has ended' });
  } catch (error) {
    log.report('failed', { what: 'down', reason: describeError(error) });
    process.exitCode = EXIT_FAILURE;
  }
}

function readName(text: string): InstanceName {
  try {
    return parseInstanceName(text);
  } catch (error) {
    return exitWithUsageError(PROGRAM, describeError(error));
  }
}

void main();
