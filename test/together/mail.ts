import { runTogether } from './run-together.ts';

/** One after the other, as they share the state of wgkex-mail. */
await runTogether((file) => file.startsWith('mail/'));
