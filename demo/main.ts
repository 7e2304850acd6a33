// `bin/demo [--keep]`: a gateway and two routers, with real interfaces and the installed wgkex. Must be run by
// bin/lab, which makes the machine for it and takes all of it away in the end.
import { parseArgs } from 'node:util';
import { describeError } from '../src/core/values/errors.ts';
import { showCleanup } from './cleanup.ts';
import { setUpGateway } from './gateway.ts';
import { Journal } from './journal.ts';
import { keepRunning } from './keep.ts';
import { Router } from './router.ts';
import { showEnd } from './terminal.ts';
import { showExchange, showSecondRouter, showTunnel } from './tunnel.ts';

let journal: Journal | undefined;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  const { LAB_PID } = process.env;
  if (LAB_PID === undefined) throw new Error('this is not a lab: expected `bin/demo`');
  journal = new Journal();
  const stage = await setUpGateway(journal);
  const first = await Router.create(stage, 1);
  await showExchange(first);
  await showTunnel(stage, first);
  const second = await Router.create(stage, 2);
  await showSecondRouter(second);
  await showCleanup(stage, first, second);
  showEnd('Everything worked.');
  if (values.keep) await keepRunning(stage, second, LAB_PID);
  else process.exit(0);
}

// A reader may stop early.
process.stdout.on('error', () => process.exit(1));

main().catch((error) => {
  journal?.showRest();
  // The first line names the command that failed, the last one has its error message.
  const [first, ...more] = describeError(error).trim().split('\n');
  console.error(`demo: ${[first, ...more.slice(-1)].join(': ')}`);
  process.exit(1);
});
