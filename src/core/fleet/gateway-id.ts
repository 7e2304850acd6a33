import { InputError } from '../values/errors.ts';
import { quote } from '../values/quote.ts';

/** What a gateway or a front is called in topics. Made only by {@link parseGatewayId}. */
export type GatewayId = string & { readonly __brand: 'GatewayId' };

/** `all` stands for every gateway in freifunkMUC's topics; `/`, `+` and `#` have a meaning in MQTT's. */
const GATEWAY_ID = /^(?!all$)[!-~]{1,64}$/;

export function isGatewayId(text: string): text is GatewayId {
  return GATEWAY_ID.test(text) && !/[/+#]/.test(text);
}

/** @throws InputError */
export function parseGatewayId(text: string): GatewayId {
  if (!isGatewayId(text))
    throw new InputError(`Cannot use ${quote(text)} in topics: expected 1 to 64 characters without / + # and blanks`);
  return text;
}
