import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import type { Surroundings } from '../../shared/service';
import { anything, list, oneOf, optional, string, structure } from '../../shared/shape';
import { parseMappingKey } from '../exchange/mapping-selection';
import type { Certificates, Objects } from '../ports';
import type { ApiMapping, Configuration, DomainSettings } from '../state';
import { readTruststore } from '../tls/domain-truststore';
import type { DomainTls } from '../tls/tls-listener';
import { mutability, newIdentifier } from './part-of-api';

/** A DNS name in lower case (RFC 1123). The sandbox supports no wildcards. */
const DOMAIN_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** The hosted zone of regional API Gateway domain names in us-east-1, for alias records. https://docs.aws.amazon.com/general/latest/gr/apigateway.html */
const REGIONAL_HOSTED_ZONE_ID = 'Z1UJRXOUMOOFQ8';

/** How long a domain is `UPDATING` after its truststore has changed, in real time. AWS documents no time. */
const TRUSTSTORE_CHANGE_MILLISECONDS = 500;

/**
 * How long the gateway goes on with the previous truststore after that, by the sandbox's clock: the longest time that was
 * measured by https://github.com/aws-samples/serverless-samples/tree/main/apigw-mtls-multi-tenant. AWS documents no time.
 */
const TRUSTSTORE_PROPAGATION_MILLISECONDS = 90_000;

interface DomainTypePorts {
  readonly certificates: Certificates;
  readonly objects: Objects;
  /** Makes the listener serve the domain with these settings. */
  readonly serve: (domainName: string, tls: DomainTls) => Promise<void>;
  readonly withdraw: (domainName: string) => void;
}

/**
 * `AWS::ApiGatewayV2::DomainName`. The truststore is read when the domain is created or updated, and at no other time:
 * a new object with the same key changes nothing. An update to another truststore completes before the truststore is in
 * effect: first the domain is `UPDATING`, and when it is `AVAILABLE` again, the gateway still uses the previous truststore for
 * a while. AWS documents nothing that excludes this. AWS requires an ownership certificate for an imported or private server certificate. The sandbox can't
 * distinguish these, so it accepts an ownership certificate and never requires one.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
 */
export function domainNameType(
  { account, clock }: Surroundings,
  configuration: Configuration,
  ports: DomainTypePorts,
): ResourceType {
  const members = {
    DomainName: string({ min: 1, max: 512 }),
    DomainNameConfigurations: list(
      structure({
        CertificateArn: string(),
        EndpointType: optional(oneOf('REGIONAL')),
        IpAddressType: optional(oneOf('ipv4', 'dualstack')),
        OwnershipVerificationCertificateArn: optional(string()),
        SecurityPolicy: optional(string()),
      }),
      { min: 1, max: 1 },
    ),
    MutualTlsAuthentication: optional(structure({ TruststoreUri: string(), TruststoreVersion: optional(string()) })),
    Tags: anything,
  };
  const read = structure(members);

  /** Validates all properties. */
  function domainOf(properties: Properties): { name: string; settings: DomainSettings; tls: DomainTls } {
    const { DomainName: name, DomainNameConfigurations, MutualTlsAuthentication: mutualTls } = read(properties, '');
    const [configured] = DomainNameConfigurations;
    if (!configured || !DOMAIN_NAME.test(name)) {
      throw new AwsError('BadRequestException', `The domain name ${name} is not valid`);
    }
    checkSecurityPolicy(configured.SecurityPolicy, mutualTls !== undefined);
    const truststore = mutualTls && { uri: mutualTls.TruststoreUri, version: mutualTls.TruststoreVersion };
    return {
      name,
      settings: { certificateArn: configured.CertificateArn, truststore },
      tls: {
        certificate: ports.certificates.serverCertificate(configured.CertificateArn, name),
        truststore: truststore && readTruststore(ports.objects, clock, truststore.uri, truststore.version),
      },
    };
  }

  return {
    properties: mutability(members, ['DomainName']),
    create: async ({ properties }) => {
      if (configuration.domains.has(String(properties['DomainName']))) {
        throw new AwsError('ConflictException', `The domain name ${properties['DomainName']} already exists`, 409);
      }
      const { name, settings, tls } = domainOf(properties);
      await ports.serve(name, tls);
      configuration.domains.set(name, { name, settings, status: 'AVAILABLE', mappings: new Map() });
      return {
        physicalId: name,
        attributes: {
          DomainNameArn: `arn:${account.partition}:apigateway:${account.region}::/domainnames/${name}`,
          RegionalDomainName: `d-${newIdentifier(10)}.execute-api.${account.region}.amazonaws.com`,
          RegionalHostedZoneId: REGIONAL_HOSTED_ZONE_ID,
        },
      };
    },
    update: async ({ properties }, resource) => {
      const { name, settings, tls } = domainOf(properties);
      const domain = configuration.domain(name);
      const keepsTruststore = isDeepStrictEqual(settings.truststore, domain.settings.truststore);
      domain.settings = settings;
      if (keepsTruststore && domain.status === 'AVAILABLE') {
        await ports.serve(name, tls);
        return resource;
      }
      domain.status = 'UPDATING';
      clock.background(async () => {
        await pause(TRUSTSTORE_CHANGE_MILLISECONDS, undefined, { ref: false });
        // The domain may be deleted or updated since.
        const isCurrent = () => configuration.domains.get(name) === domain && domain.settings === settings;
        if (!isCurrent()) return;
        domain.status = 'AVAILABLE';
        clock.at(new Date(clock.now().getTime() + TRUSTSTORE_PROPAGATION_MILLISECONDS), async () => {
          if (isCurrent()) await ports.serve(name, tls);
        });
      });
      return resource;
    },
    delete: async (_request, { physicalId }) => {
      ports.withdraw(physicalId);
      configuration.domains.delete(physicalId);
    },
  };
}

/** `AWS::ApiGatewayV2::ApiMapping` */
export function apiMappingType(configuration: Configuration): ResourceType {
  const members = { ApiId: string(), ApiMappingKey: optional(string()), DomainName: string(), Stage: string() };
  const read = structure(members);

  function put(properties: Properties, id: string): Resource {
    const { ApiId: apiId, ApiMappingKey = '', DomainName, Stage: stageName } = read(properties, '');
    const { mappings } = configuration.domain(DomainName);
    if (!configuration.api(apiId).stages.has(stageName)) {
      throw new AwsError('BadRequestException', 'Invalid stage identifier specified');
    }
    const mapping: ApiMapping = { key: parseMappingKey(ApiMappingKey), apiId, stageName };
    const isTaken = [...mappings].some(([otherId, { key }]) => otherId !== id && key.join('/') === ApiMappingKey);
    if (isTaken) {
      throw new AwsError('ConflictException', `ApiMapping key ${ApiMappingKey || '(none)'} already exists`, 409);
    }
    mappings.set(id, mapping);
    return { physicalId: id, attributes: { ApiMappingId: id } };
  }

  return {
    properties: mutability(members, ['DomainName']),
    create: async ({ properties }) => put(properties, newIdentifier(6)),
    update: async ({ properties }, { physicalId }) => put(properties, physicalId),
    delete: async ({ properties }, { physicalId }) => {
      configuration.domains.get(String(properties['DomainName']))?.mappings.delete(physicalId);
    },
  };
}

/**
 * HTTP APIs support domains with a legacy security policy only, and mutual TLS requires the newest of those.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html
 */
function checkSecurityPolicy(policy = 'TLS_1_2', withMutualTls: boolean): void {
  const allowed = withMutualTls ? ['TLS_1_2'] : ['TLS_1_0', 'TLS_1_2'];
  if (!allowed.includes(policy)) {
    const subject = withMutualTls ? 'a domain with mutual TLS' : 'a domain of an HTTP API';
    throw new AwsError(
      'BadRequestException',
      `${subject} allows the security policy ${allowed.join(' or ')}, got ${policy}`,
    );
  }
}
