import type { Readable, Writable } from 'node:stream';
import type { InstanceName } from '../core/client/instance.ts';
import {
  type ClientReply,
  type ClientRequest,
  DOWN_BYTES,
  formatClientMessage,
  parseBegin,
  parseClientRequest,
} from '../core/client/messages.ts';
import { MessageLines } from '../core/privsep/message-lines.ts';
import { InputError } from '../core/values/errors.ts';

/** Answers the requests for one tunnel; never rejects. */
export interface Service {
  serve(request: ClientRequest): Promise<ClientReply>;
}

/**
 * Greets, reads which tunnel this is about, and answers one request after the other until the input ends. While the
 * replies are not read, no more requests are read.
 * @throws InputError at the first line that is neither; what came before it has been served.
 */
export async function serveRequests(
  input: Readable,
  output: Writable,
  open: (name: InstanceName) => Service,
): Promise<void> {
  const lines = new MessageLines(DOWN_BYTES);
  let service: Service | undefined;
  await writeLine(output, { type: 'ready' });
  for await (const chunk of input)
    for (const line of lines.push(chunk)) {
      if (service === undefined) service = open(parseBegin(line));
      else await writeLine(output, await service.serve(parseClientRequest(line)));
    }
  if (lines.isMidLine) throw new InputError('Cannot read request: the input ends in the middle of a line');
}

function writeLine(output: Writable, message: object): Promise<void> {
  return new Promise((resolve) => output.write(formatClientMessage(message), () => resolve()));
}
