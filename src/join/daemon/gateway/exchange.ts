import type { Socket } from 'node:net';
import {
  type GatewayReply,
  MOST_REPLY_BYTES,
  parseGatewayReply,
} from '../../../core/client/configuration/gateway-reply.ts';
import type { TicketLines } from '../../../core/client/messages.ts';
import { describeError } from '../../../core/values/errors.ts';
import type { IpAddress } from '../../../core/values/ip-address.ts';
import { AttemptFailure, blame } from '../failure.ts';
import type { Times } from '../options.ts';
import { within } from '../time-limit.ts';
import { connectFirst } from './connect.ts';

/** What a gateway answered, and on which of its addresses. */
export interface Answered {
  readonly reply: GatewayReply;
  readonly address: IpAddress;
}

interface Around {
  readonly times: Pick<Times, 'exchange' | 'connect'>;
  readonly stopping: AbortSignal;
}

/**
 * Says the three lines to a gateway, and takes its reply: at most 4,096 bytes, at most 10 s in all. Nothing of it is
 * believed; wgkex-tunnel checks the proof.
 *
 * @throws AttemptFailure
 */
export async function exchange(
  to: { readonly addresses: readonly IpAddress[]; readonly port: number },
  domain: string,
  { key, line }: TicketLines,
  { times, stopping }: Around,
): Promise<Answered> {
  const late = new AttemptFailure('gateway', `no whole reply within ${times.exchange} s`);
  const noConnection = new AttemptFailure('gateway', `no connection within ${times.connect} s`);
  return within(times.exchange, stopping, late, async (signal) => {
    const connecting = (aborted: AbortSignal) => connectFirst(to.addresses, to.port, aborted);
    const { socket, address } = await within(times.connect, signal, noConnection, connecting);
    const bytes = await converse(socket, `${domain}\n${key}\n${line}\n`, signal);
    return { reply: parse(bytes), address };
  });
}

/** Resolves with what came until the gateway closed the connection. */
function converse(socket: Socket, lines: string, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise<Buffer>((resolve, reject) => {
    socket.on('error', (error) => reject(blame(error)));
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.on('close', () => reject(new AttemptFailure('gateway', 'the connection was closed without a reply')));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MOST_REPLY_BYTES)
        reject(new AttemptFailure('gateway', `it sent more than ${MOST_REPLY_BYTES} bytes`));
    });
    signal.addEventListener('abort', () => reject(signal.reason));
    socket.write(lines);
  }).finally(() => socket.destroy());
}

function parse(bytes: Buffer): GatewayReply {
  if (bytes.length === 0) throw new AttemptFailure('gateway', 'the connection was closed without a reply');
  try {
    return parseGatewayReply(bytes);
  } catch (error) {
    throw new AttemptFailure('gateway', describeError(error));
  }
}
