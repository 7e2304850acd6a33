// The daemon as a process of its own, with short times.
// Usage: main.ts NAME OPTIONS      OPTIONS: JSON; SIGUSR2: prints what keeps the loop of events running
import { parseInstanceName } from '../../src/core/client/instance.ts';
import type { DaemonOptions } from '../../src/join/daemon/options.ts';
import { runDaemon } from '../../src/join/daemon/run.ts';

declare global {
  namespace NodeJS {
    // Of Node 17.3; the types of 18.19 do not have it.
    interface Process {
      getActiveResourcesInfo(): string[];
    }
  }
}

const [name = '', options = ''] = process.argv.slice(2);
process.on('SIGUSR2', () => console.log(JSON.stringify(process.getActiveResourcesInfo())));
void runDaemon(parseInstanceName(name), JSON.parse(options) as DaemonOptions);
