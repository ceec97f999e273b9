import type { Properties, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { anything, list, oneOf, optional, string, structure } from '../../shared/shape';
import { invalid, mutability, UnsupportedSetting } from '../property-shapes';
import type { DomainSettings } from '../state';
import type { Domains } from './domains';

/** A DNS name in lower case (RFC 1123). The sandbox supports no wildcards. */
const DOMAIN_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

const LEGACY_POLICIES = ['TLS_1_0', 'TLS_1_2'];

const mutualTls = optional(structure({ TruststoreUri: string(), TruststoreVersion: optional(string()) }));
const ipAddressType = optional(oneOf('ipv4', 'dualstack'));

/** The properties of a domain name, which the two resource types arrange differently. */
interface DomainProperties {
  readonly name: string;
  readonly endpointType: string;
  readonly certificateArn: string | undefined;
  readonly ownershipCertificateArn: string | undefined;
  readonly securityPolicy: string | undefined;
  readonly mutualTls: { readonly TruststoreUri: string; readonly TruststoreVersion: string | undefined } | undefined;
}

/** `AWS::ApiGatewayV2::DomainName`, which serves HTTP APIs and REST APIs. */
export function domainNameType(domains: Domains): ResourceType {
  const members = {
    DomainName: string({ min: 1, max: 512 }),
    DomainNameConfigurations: list(
      structure({
        CertificateArn: string(),
        EndpointType: optional(oneOf('REGIONAL')),
        IpAddressType: ipAddressType,
        OwnershipVerificationCertificateArn: optional(string()),
        SecurityPolicy: optional(string()),
      }),
      { min: 1, max: 1 },
    ),
    MutualTlsAuthentication: mutualTls,
    Tags: anything,
  };
  const read = structure(members);
  return typeOf(domains, mutability(members, ['DomainName']), (properties) => {
    const { DomainName: name, DomainNameConfigurations, MutualTlsAuthentication } = read(properties, '');
    const [configured] = DomainNameConfigurations;
    return {
      name,
      endpointType: configured?.EndpointType ?? 'REGIONAL',
      certificateArn: configured?.CertificateArn,
      ownershipCertificateArn: configured?.OwnershipVerificationCertificateArn,
      securityPolicy: configured?.SecurityPolicy,
      mutualTls: MutualTlsAuthentication,
    };
  });
}

/**
 * `AWS::ApiGateway::DomainName`: regional domains.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-domainname.html
 */
export function restDomainNameType(domains: Domains): ResourceType {
  const members = {
    CertificateArn: optional(string()),
    DomainName: string({ min: 1, max: 512 }),
    EndpointConfiguration: optional(
      structure({
        IpAddressType: ipAddressType,
        Types: optional(list(oneOf('REGIONAL', 'EDGE', 'PRIVATE'), { min: 1, max: 1 })),
      }),
    ),
    MutualTlsAuthentication: mutualTls,
    OwnershipVerificationCertificateArn: optional(string()),
    RegionalCertificateArn: optional(string()),
    SecurityPolicy: optional(string()),
    Tags: anything,
  };
  const read = structure(members);
  return typeOf(domains, mutability(members, ['DomainName']), (properties) => {
    const values = read(properties, '');
    return {
      name: values.DomainName,
      endpointType: values.EndpointConfiguration?.Types?.[0] ?? 'EDGE',
      certificateArn: values.RegionalCertificateArn,
      ownershipCertificateArn: values.OwnershipVerificationCertificateArn,
      securityPolicy: values.SecurityPolicy,
      mutualTls: values.MutualTlsAuthentication,
    };
  });
}

function typeOf(
  domains: Domains,
  properties: ResourceType['properties'],
  read: (properties: Properties) => DomainProperties,
): ResourceType {
  return {
    properties,
    create: async (request) => {
      const { name, settings } = settingsOf(read(request.properties));
      return { physicalId: name, attributes: await domains.create(name, settings) };
    },
    update: async (request, resource) => {
      const { name, settings } = settingsOf(read(request.properties));
      await domains.update(name, settings);
      return resource;
    },
    delete: async (_request, { physicalId }) => domains.delete(physicalId),
  };
}

/** Validates all properties. */
function settingsOf(given: DomainProperties): { readonly name: string; readonly settings: DomainSettings } {
  const { name, mutualTls: truststore, securityPolicy = 'TLS_1_2' } = given;
  if (!DOMAIN_NAME.test(name)) throw new AwsError('BadRequestException', `The domain name ${name} is not valid`);
  checkEndpointType(given.endpointType, truststore !== undefined);
  checkSecurityPolicy(securityPolicy, truststore !== undefined);
  if (given.certificateArn === undefined) throw invalid('A regional domain name must have a RegionalCertificateArn');
  return {
    name,
    settings: {
      certificateArn: given.certificateArn,
      ownershipCertificateArn: given.ownershipCertificateArn,
      securityPolicy,
      truststore: truststore && { uri: truststore.TruststoreUri, version: truststore.TruststoreVersion },
    },
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html */
function checkEndpointType(endpointType: string, withMutualTls: boolean): void {
  if (endpointType === 'REGIONAL') return;
  if (withMutualTls)
    throw invalid(`a domain with mutual TLS must have the endpoint type REGIONAL, got ${endpointType}`);
  throw new UnsupportedSetting(`a domain name with the endpoint type ${endpointType}`);
}

/**
 * HTTP APIs support domains with a legacy security policy only, and mutual TLS requires the newest of those. REST APIs
 * support others, which the sandbox doesn't know.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html
 */
function checkSecurityPolicy(policy: string, withMutualTls: boolean): void {
  const allowed = withMutualTls ? ['TLS_1_2'] : LEGACY_POLICIES;
  if (allowed.includes(policy)) return;
  const subject = withMutualTls ? 'a domain with mutual TLS' : 'a domain of an HTTP API';
  throw invalid(`${subject} allows the security policy ${allowed.join(' or ')}, got ${policy}`);
}
