import { runTogether } from './run-together.ts';

await runTogether((file) => file.startsWith('system/'));
