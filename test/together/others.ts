import { runTogether } from './run-together.ts';

/** These have their own processes: here, as they look at all timers of theirs or take long, or in suites. */
const APART = ['cli', 'core', 'fuzz', 'handler', 'listener', 'log', 'system'];
const SUITES = [
  'e2e',
  'faults',
  'fleet',
  'hardship',
  'join',
  'leases',
  'mail',
  'operator',
  'page',
  'relay',
  'strangers',
  'two-nodes',
  'vm',
];

await runTogether((file) => ![...APART, ...SUITES].includes(file.split('/')[0] ?? ''));
