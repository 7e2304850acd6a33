import { readFileSync } from 'node:fs';
import { readSurroundings } from '../src/system/client/surroundings.ts';
import { bringUp, readTunnel, takeDown } from '../src/system/client/tunnel.ts';

/** What wgkex-tunnel calls, each by one word; what it takes is JSON on the standard input, and so is what it returns. */
const CALLS: Readonly<Record<string, (order: never) => Promise<unknown>>> = {
  up: bringUp,
  down: takeDown,
  read: readTunnel,
  surroundings: readSurroundings,
};

const [, , word = ''] = process.argv;
(async () => CALLS[word]?.(JSON.parse(readFileSync(0, 'utf8')) as never))().then(
  (result) => process.stdout.write(JSON.stringify(result ?? null)),
  (error: unknown) => {
    process.stderr.write(String(error));
    process.exitCode = 1;
  },
);
