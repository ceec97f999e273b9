import { setTimeout as pause } from 'node:timers/promises';
import type { DomainTruststoreProperties } from '../../mesh/contract';
import { brokenDnsNameRule } from '../../mesh/names';
import type { CustomResource } from '../custom-resource/custom-resource';
import { textProperty } from '../custom-resource/properties';
import type { CustomResourceRequest, ResourceProperties } from '../custom-resource/request';
import type { Log } from '../log';
import type { DomainNameState, DomainNames } from './domain-names';

/** A domain does not come to use its truststore, or not as a whole. */
export class DomainTruststoreError extends Error {
  override readonly name = 'DomainTruststoreError';
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * `Custom::MtlsDomainTruststore`: that a domain uses a version of its truststore. CloudFormation is not documented to
 * wait for that after it has updated a domain; whoever issues certificates of a new authority waits for this resource.
 */
export class DomainTruststore implements CustomResource {
  constructor(
    private readonly domainNames: DomainNames,
    /** How long to wait: less than the function's time, so that there is some left to say why. Milliseconds. */
    private readonly patience: number,
    private readonly log: Log,
  ) {}

  identify(properties: ResourceProperties): string {
    return readProperties(properties).DomainName;
  }

  async apply({ properties, requestId }: CustomResourceRequest, signal: AbortSignal) {
    const { DomainName, TruststoreVersion } = readProperties(properties);
    const deadline = performance.now() + this.patience;
    for (let longest = FIRST_PAUSE_MS; ; longest = Math.min(longest * 2, LONGEST_PAUSE_MS)) {
      const state = await this.domainNames.describe(DomainName, signal);
      if (isInUse(DomainName, state, TruststoreVersion)) break;
      if (performance.now() > deadline) throw notInTime(DomainName, state, TruststoreVersion);
      await pause(longest * (0.5 + Math.random() / 2), undefined, { signal });
    }
    this.log({ event: 'truststore-in-use', domainName: DomainName, versionId: TruststoreVersion, requestId });
    return {};
  }

  /** There is nothing to take away. */
  async remove(): Promise<void> {}
}

/** @throws DomainTruststoreError when waiting is of no use */
function isInUse(domainName: string, state: DomainNameState, version: string): boolean {
  const { status, statusMessage, truststoreVersion, truststoreWarnings } = state;
  if (status.startsWith('PENDING_')) {
    throw new DomainTruststoreError(
      `domain ${domainName} is ${status} and takes no truststore until that is resolved` +
        (statusMessage === undefined ? '' : `: ${statusMessage}`),
    );
  }
  if (status !== 'AVAILABLE' || truststoreVersion !== version) return false;
  if (truststoreWarnings.length > 0) {
    throw new DomainTruststoreError(
      `API Gateway warns about the truststore of domain ${domainName}, so that some clients would be refused: ` +
        truststoreWarnings.join('; '),
    );
  }
  return true;
}

function notInTime(domainName: string, { status, truststoreVersion }: DomainNameState, version: string) {
  return new DomainTruststoreError(
    `domain ${domainName} does not use version ${version} of its truststore yet, it is ${status} and has version ` +
      `${truststoreVersion ?? 'none'}: deploy again when it is AVAILABLE`,
  );
}

function readProperties(properties: ResourceProperties): DomainTruststoreProperties {
  return {
    DomainName: textProperty(properties, 'DomainName', brokenDnsNameRule),
    TruststoreVersion: textProperty(properties, 'TruststoreVersion', brokenVersionRule),
  };
}

/** https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html */
function brokenVersionRule(version: string): string | undefined {
  return /^[\x21-\x7e]{1,64}$/.test(version) ? undefined : 'must have 1 to 64 characters, and no spaces';
}
