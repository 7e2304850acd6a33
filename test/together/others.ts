import { runTogether } from './run-together.ts';

/** These have their own processes: here, or in suites if they need real interfaces, a browser or a booted machine. */
const APART = ['cli', 'core', 'fuzz', 'listener', 'system'];
const SUITES = ['e2e', 'faults', 'hardship', 'operator', 'page', 'strangers', 'vm'];

await runTogether((file) => ![...APART, ...SUITES].includes(file.split('/')[0] ?? ''));
