import { CustomResource, Lazy, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { SERVICE_RESOURCE_TYPE, type ServiceProperties } from '../../mesh/custom-resources';
import { ALL_CLIENTS } from '../../mesh/grant';
import { clientNameProblem, spiffeId } from '../../mesh/names';
import type { ICertificateIssuer, IMeshClient } from '../interfaces';
import type { MeshGrantOptions } from '../mesh-grant';
import { claimServiceName } from './identity-claims';
import { CUSTOM_RESOURCE_TIMEOUT } from './mesh-function';
import { checkRegion } from './mesh-region';
import { checkOptions } from './properties/check';
import { client as clientKind } from './properties/construct-kinds';
import { GRANT_OPTIONS } from './properties/interface-kinds';
import { ServiceGrants } from './service-grants';
import { checkKind, checkKnownText, refuse } from './validation';

export interface ServiceRegistrationProps {
  readonly serviceName: string;
  readonly apiId: string;
  /** As in `ServiceProperties`. */
  readonly mappingKey?: string;
  readonly issuer: ICertificateIssuer;
}

/** The custom resource that registers a service together with its grants. */
export class ServiceRegistration {
  private readonly grants: ServiceGrants;
  private readonly trustDomain: string;

  constructor(
    private readonly service: Construct,
    { serviceName, apiId, mappingKey, issuer }: ServiceRegistrationProps,
  ) {
    this.trustDomain = issuer.trustDomain;
    this.grants = new ServiceGrants(service, `/${serviceName}`);
    checkRegion(service, issuer);
    claimServiceName(service, issuer, serviceName);
    issuer.serveStackOf(service);
    const properties: ServiceProperties = {
      TrustDomain: issuer.trustDomain,
      ServiceName: serviceName,
      ApiId: apiId,
      MappingKey: mappingKey,
      Grants: Lazy.list({ produce: () => this.grants.lines() }),
    };
    new CustomResource(service, 'Grants', {
      resourceType: SERVICE_RESOURCE_TYPE,
      serviceToken: issuer.deploymentHandler.functionArn,
      serviceTimeout: CUSTOM_RESOURCE_TIMEOUT,
      properties,
    });
  }

  allow(client: IMeshClient, options: MeshGrantOptions): void {
    checkKind(this.service, 'client', client, clientKind);
    const { clientName } = client;
    const expected = spiffeId(this.trustDomain, clientName);
    if (!Token.isUnresolved(expected) && !Token.isUnresolved(client.spiffeId) && client.spiffeId !== expected) {
      const rule = `must be a client of the same mesh, whose SPIFFE IDs are ${spiffeId(this.trustDomain, '<name>')}`;
      refuse(this.service, 'client', rule, client.spiffeId);
    }
    checkKnownText(this.service, 'clientName', clientName, clientNameProblem);
    this.add(clientName, options);
  }

  allowAllClients(options: MeshGrantOptions): void {
    this.add(ALL_CLIENTS, options);
  }

  private add(clientName: string, options: MeshGrantOptions): void {
    checkOptions(this.service, 'options', options, GRANT_OPTIONS);
    this.grants.add(clientName, options);
  }
}
