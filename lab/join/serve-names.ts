// A process that answers questions for names, for a namespace in which a test cannot listen itself.
// Usage: serve-names.ts ADDRESS... -- NAME=ADDRESS[,ADDRESS]...
import { NameServer } from './name-server.ts';

const [addresses = '', names = ''] = process.argv.slice(2).join(' ').split(' -- ');
const known = names.split(' ').map((entry) => entry.split('='));
const table = Object.fromEntries(known.map(([name = '', list = '']) => [name, list.split(',')]));
for (const address of addresses.split(' ')) await NameServer.open(address, table);
process.stdout.write('ready\n');
