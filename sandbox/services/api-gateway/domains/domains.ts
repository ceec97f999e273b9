import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { AwsError } from '../../../endpoint/api';
import type { Surroundings } from '../../shared/service';
import type { Configuration } from '../configuration';
import { newIdentifier } from '../identifier';
import type { Certificates, Objects } from '../ports';
import type { Domain, DomainSettings } from '../state';
import { readTruststore } from '../tls/domain-truststore';
import type { DomainTls } from '../tls/tls-listener';

/** The hosted zone of regional API Gateway domain names in us-east-1, for alias records. https://docs.aws.amazon.com/general/latest/gr/apigateway.html */
const REGIONAL_HOSTED_ZONE_ID = 'Z1UJRXOUMOOFQ8';

/** How long a domain is `UPDATING` after its truststore has changed, in real time. AWS documents no time. */
const TRUSTSTORE_CHANGE_MILLISECONDS = 500;

/**
 * How long the gateway goes on with the previous truststore after that, by the sandbox's clock: the longest time that was
 * measured by https://github.com/aws-samples/serverless-samples/tree/main/apigw-mtls-multi-tenant. AWS documents no time.
 */
const TRUSTSTORE_PROPAGATION_MILLISECONDS = 90_000;

interface DomainPorts {
  readonly certificates: Certificates;
  readonly objects: Objects;
  /** Makes the listener serve the domain with these settings. */
  readonly serve: (domainName: string, tls: DomainTls) => Promise<void>;
  readonly withdraw: (domainName: string) => void;
}

/**
 * The custom domain names of the account, for both kinds of API. The truststore is read when a domain is created or
 * updated, and at no other time: a new object with the same key changes nothing. An update to another truststore
 * completes before the truststore is in effect: first the domain is `UPDATING`, and when it is `AVAILABLE` again, the
 * gateway still uses the previous truststore for a while. AWS documents nothing that excludes this. AWS requires an
 * ownership certificate for an imported or private server certificate. The sandbox can't distinguish these, so it accepts
 * an ownership certificate and never requires one.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
 */
export class Domains {
  constructor(
    private readonly surroundings: Surroundings,
    private readonly configuration: Configuration,
    private readonly ports: DomainPorts,
  ) {}

  /** @returns the attributes of the resource */
  async create(name: string, settings: DomainSettings): Promise<Readonly<Record<string, string>>> {
    if (this.configuration.domains.has(name)) {
      throw new AwsError('ConflictException', `The domain name ${name} already exists`, 409);
    }
    await this.ports.serve(name, this.tlsOf(name, settings));
    const { partition, region } = this.surroundings.account;
    const regionalDomainName = `d-${newIdentifier(10)}.execute-api.${region}.amazonaws.com`;
    const domain: Domain = { name, regionalDomainName, settings, status: 'AVAILABLE', mappings: new Map() };
    this.configuration.domains.set(name, domain);
    return {
      DomainNameArn: `arn:${partition}:apigateway:${region}::/domainnames/${name}`,
      RegionalDomainName: regionalDomainName,
      RegionalHostedZoneId: REGIONAL_HOSTED_ZONE_ID,
    };
  }

  async update(name: string, settings: DomainSettings): Promise<void> {
    const { clock } = this.surroundings;
    const tls = this.tlsOf(name, settings);
    const domain = this.configuration.domain(name);
    const keepsTruststore = isDeepStrictEqual(settings.truststore, domain.settings.truststore);
    domain.settings = settings;
    if (keepsTruststore && domain.status === 'AVAILABLE') {
      await this.ports.serve(name, tls);
      return;
    }
    domain.status = 'UPDATING';
    clock.background(async () => {
      await pause(TRUSTSTORE_CHANGE_MILLISECONDS, undefined, { ref: false });
      // The domain may be deleted or updated since.
      const isCurrent = () => this.configuration.domains.get(name) === domain && domain.settings === settings;
      if (!isCurrent()) return;
      domain.status = 'AVAILABLE';
      clock.at(new Date(clock.now().getTime() + TRUSTSTORE_PROPAGATION_MILLISECONDS), async () => {
        if (isCurrent()) await this.ports.serve(name, tls);
      });
    });
  }

  delete(name: string): void {
    this.ports.withdraw(name);
    this.configuration.domains.delete(name);
  }

  private tlsOf(name: string, { certificateArn, truststore }: DomainSettings): DomainTls {
    const { certificates, objects } = this.ports;
    return {
      certificate: certificates.serverCertificate(certificateArn, name),
      truststore: truststore && readTruststore(objects, this.surroundings.clock, truststore.uri, truststore.version),
    };
  }
}
