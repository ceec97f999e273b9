import type { Log } from '../../../aws/cloudwatch';
import { apiIdProblem } from '../../../mesh/aws-names';
import type { ServiceProperties } from '../../../mesh/custom-resources';
import { parseDeclaredGrant } from '../../../mesh/grant';
import { serviceNameProblem, trustDomainProblem } from '../../../mesh/names';
import type { ServiceRegistry } from '../../../registry/services';
import type { CustomResourceHandler } from '../../custom-resource/custom-resource';
import { listProperty, textProperty } from '../../custom-resource/properties';
import {
  type CustomResourceRequest,
  type ResourceProperties,
  recordedTime,
  resourceOf,
} from '../../custom-resource/request';

export interface ServiceResourceOptions {
  readonly trustDomain: string;
  readonly services: Pick<ServiceRegistry, 'register' | 'remove'>;
  readonly log: Log;
}

const name = (property: keyof ServiceProperties) => property;

/** `Custom::MtlsService`: a service and the grants of its clients. A rollback restores the grants that there were. */
export class ServiceResource implements CustomResourceHandler {
  readonly removesOnlyItsOwn = true;

  constructor(private readonly options: ServiceResourceOptions) {}

  identify(properties: ResourceProperties): string {
    const trustDomain = textProperty(properties, name('TrustDomain'), trustDomainProblem);
    return `service:${trustDomain}/${serviceNameIn(properties)}`;
  }

  async apply(request: CustomResourceRequest, signal: AbortSignal): Promise<Record<string, never>> {
    const { services, log } = this.options;
    const { properties, requestType } = request;
    this.assertOwnTrustDomain(properties);
    const serviceName = serviceNameIn(properties);
    const service = {
      serviceName,
      apiId: apiIdIn(properties, serviceName),
      grants: listProperty(properties, name('Grants'), (text) => grantProblem(text, serviceName)),
      declaredBy: resourceOf(request),
      updatedAt: recordedTime(request).toISOString(),
    };
    await services.register(service, requestType === 'Update', signal);
    log({ event: 'service-registered', service: serviceName, grants: service.grants });
    return {};
  }

  /**
   * Keeps a service that another resource has registered under the same name. A service of another trust domain is not in this
   * registry.
   */
  async remove(request: CustomResourceRequest, signal: AbortSignal): Promise<void> {
    if (request.properties[name('TrustDomain')] !== this.options.trustDomain) return;
    const serviceName = serviceNameIn(request.properties);
    const { services, log } = this.options;
    const isRemoved = await services.remove(serviceName, resourceOf(request), recordedTime(request), signal);
    if (isRemoved) log({ event: 'service-removed', service: serviceName });
  }

  private assertOwnTrustDomain(properties: ResourceProperties): void {
    const { trustDomain } = this.options;
    textProperty(properties, name('TrustDomain'), (given) =>
      given === trustDomain ? undefined : `must be the issuer's trust domain ${trustDomain}`,
    );
  }
}

function serviceNameIn(properties: ResourceProperties): string {
  return textProperty(properties, name('ServiceName'), serviceNameProblem);
}

/** As `RegistryService.apiId`. */
function apiIdIn(properties: ResourceProperties, serviceName: string): string {
  const apiId = textProperty(properties, name('ApiId'), apiIdProblem);
  if (properties[name('MappingKey')] === undefined) return apiId;
  const isName = (key: string) => (key === serviceName ? undefined : 'must be the name of the service');
  return `${apiId}/${textProperty(properties, name('MappingKey'), isName)}`;
}

/** A grant outside the service's own paths would be one of another service. */
function grantProblem(text: string, serviceName: string): string | undefined {
  const path = parseDeclaredGrant(text)?.grant.path;
  if (path === undefined) return 'must be a client, methods, and a path, such as mail GET,POST /schedule/events';
  const basePath = `/${serviceName}`;
  return path === basePath || path.startsWith(`${basePath}/`)
    ? undefined
    : `must be for ${basePath} or a path below it`;
}
