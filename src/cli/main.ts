import { COMMON_HELP, exitWithUsageError, readCommandLine } from '../command-line.ts';

const PROGRAM = 'wgkex';
const HELP = `Usage: ${PROGRAM} --version

The operator's command of the WireGuard key exchange.

${COMMON_HELP}`;

readCommandLine({ program: PROGRAM, help: HELP });
exitWithUsageError(PROGRAM, 'expected an option');
