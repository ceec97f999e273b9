import type { Exchange } from '../exchange/exchange';

/** A request on its way through a REST API. */
export interface RestExchange extends Exchange {
  readonly extendedRequestId: string;
  readonly deployment: { readonly id: string; readonly binaryMediaTypes: readonly string[] };
  resource?: { readonly id: string; readonly path: string };
  method?: { readonly authorizerId?: string | undefined };
}
