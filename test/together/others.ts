import { runTogether } from './run-together.ts';

/** They have processes of their own, here or, as they need real interfaces, a browser or a booted machine, in suites. */
const APART = ['cli', 'core', 'fuzz', 'listener', 'system'];
const SUITES = ['e2e', 'faults', 'hardship', 'operator', 'page', 'strangers', 'vm'];

await runTogether((file) => ![...APART, ...SUITES].includes(file.split('/')[0] ?? ''));
