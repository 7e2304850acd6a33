// Asks a gateway as firmware does, from a namespace of its own: `post HOST PORT PATH JSON` or `get HOST PORT PATH`.
import { getAsFirmware, postAsFirmware } from './firmware.ts';

const [method, host = '', port, path = '', fields = '{}'] = process.argv.slice(2);
const address = { host, port: Number(port), path };
console.log(
  method === 'get' ? await getAsFirmware(address) : JSON.stringify(await postAsFirmware(address, JSON.parse(fields))),
);
