import { runTogether } from '../together.ts';

await runTogether(new URL('./', import.meta.url));
