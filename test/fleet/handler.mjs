// Stands for a handler that is quick on any machine: writes the keys that it takes into a file, its kernel.
// Usage: node handler.mjs KEYS      KEYS.reply, if there, has what it replies instead of OK; "silence": nothing,
//                               "slow": OK, but later than a front waits
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [keys] = process.argv.slice(2);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const numbers = { alive: 0, idle: 0, stale: 0, pending: 0, static: 0, entries: 0, passes: 0, removals: 0, lastPass: 0 };
const gateway = { port: 51820, publicKey: 'TszFS3oFRdhsJP3K0VOlklGMGYZy+oFCtlaghXJqW2g=', linkAddress: 'fe80::1' };

say({ type: 'ready', answers: ['exchange', 'numbers', 'gateway'] });
createInterface({ input: process.stdin }).on('line', (line) => {
  const { type, id, key, from, hearsay, broadcast } = JSON.parse(line);
  if (type === 'numbers') say({ type, id, numbers });
  else if (type === 'gateway') say({ type, id, gateway });
  else {
    const word = existsSync(`${keys}.reply`) ? readFileSync(`${keys}.reply`, 'utf8') : 'OK';
    const code = word === 'slow' ? 'OK' : word;
    const reply = () => {
      if (code === 'OK') appendFileSync(keys, `${key} ${from} ${hearsay}${broadcast ? ' broadcast' : ''}\n`);
      say({ type, id, code });
    };
    if (word === 'slow') setTimeout(reply, 3000);
    else if (word !== 'silence') reply();
  }
});
