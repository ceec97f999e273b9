import type { Exchange } from '../exchange/exchange';
import type { RouteKey } from './route-selection';

/** A request on its way through an HTTP API. */
export interface HttpApiExchange extends Exchange {
  route?: { readonly key: RouteKey; readonly authorizerId?: string | undefined };
}
