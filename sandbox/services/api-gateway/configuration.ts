import { AwsError } from '../../endpoint/api';
import type { HttpApi } from './http-api/state';
import type { RestApi } from './rest-api/state';
import type { Domain } from './state';

/** The APIs and domains of the account. */
export class Configuration {
  /** HTTP APIs by ID. */
  readonly apis = new Map<string, HttpApi>();
  /** REST APIs by ID. */
  readonly restApis = new Map<string, RestApi>();
  /** By domain name. */
  readonly domains = new Map<string, Domain>();

  api(id: string): HttpApi {
    const api = this.apis.get(id);
    if (!api) throw new AwsError('NotFoundException', `Invalid API identifier specified ${id}`, 404);
    return api;
  }

  restApi(id: string): RestApi {
    const api = this.restApis.get(id);
    if (!api) throw new AwsError('NotFoundException', `Invalid API identifier specified ${id}`, 404);
    return api;
  }

  domain(name: string): Domain {
    const domain = this.domains.get(name);
    if (!domain) throw new AwsError('NotFoundException', `Invalid domain name identifier specified ${name}`, 404);
    return domain;
  }
}
