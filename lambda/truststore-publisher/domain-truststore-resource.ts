import type { ApiGateway, DomainNameState } from '../../aws/api-gateway';
import type { Log } from '../../aws/cloudwatch';
import { retry } from '../../aws/retry';
import type { DomainTruststoreProperties } from '../../mesh/custom-resources';
import { dnsNameProblem } from '../../mesh/names';
import type { CustomResourceHandler } from '../custom-resource/custom-resource';
import { textProperty } from '../custom-resource/properties';
import type { CustomResourceRequest, ResourceProperties } from '../custom-resource/request';

/** A domain does not use its truststore, or uses only a part of it. */
export class DomainTruststoreError extends Error {
  override readonly name = 'DomainTruststoreError';
}

export interface DomainTruststoreResourceOptions {
  readonly domainNames: Pick<ApiGateway, 'domainName'>;
  /**
   * How long to wait until the domain uses the truststore. With the time for its propagation, shorter than the function's
   * timeout, so that the error can give the reason. Milliseconds.
   */
  readonly deadline: number;
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
  readonly log: Log;
}

/**
 * `Custom::MtlsDomainTruststore`: waits until a domain uses a version of its truststore. The documentation
 * does not say that CloudFormation waits for this after it updates a domain. A changed version is not yet in use in all of
 * API Gateway when the domain reports it, so the resource then waits a stated time more. Certificates of a new authority are
 * issued after this resource.
 */
export class DomainTruststoreResource implements CustomResourceHandler {
  readonly removesOnlyItsOwn = true;

  constructor(private readonly options: DomainTruststoreResourceOptions) {}

  identify(properties: ResourceProperties): string {
    return readProperties(properties).DomainName;
  }

  async apply(request: CustomResourceRequest, signal: AbortSignal) {
    const { pause, log } = this.options;
    const { requestId } = request;
    const wanted = readProperties(request.properties);
    const { DomainName: domainName, TruststoreVersion: versionId } = wanted;
    await this.waitForUse(wanted, signal);
    log({ event: 'truststore-in-use', domainName, versionId, requestId });
    for (let left = propagationOf(request, wanted); left > 0; left -= LOOK) {
      await pause(Math.min(left, LOOK), signal);
      await this.waitForUse(wanted, signal);
    }
    log({ event: 'truststore-propagated', domainName, versionId, requestId });
    return {};
  }

  /** Does nothing, because the resource has created nothing. */
  async remove(): Promise<void> {}

  private async waitForUse(
    { DomainName, TruststoreVersion }: DomainTruststoreProperties,
    signal: AbortSignal,
  ): Promise<void> {
    const { domainNames, deadline } = this.options;
    await retry(
      { deadline, backoff: { first: 50, longest: 5_000 } },
      async (limited) => {
        const state = await domainNames.domainName(DomainName, limited);
        if (isInUse(DomainName, state, TruststoreVersion)) return { value: undefined };
        return { error: notInTime(DomainName, state, TruststoreVersion), retryable: true };
      },
      signal,
    );
  }
}

/** Milliseconds between two looks at the domain during the propagation. */
const LOOK = 15_000;

/** Milliseconds. A domain that was created with the truststore has used no other. */
function propagationOf(
  { requestType, oldProperties }: CustomResourceRequest,
  { TruststoreVersion, PropagationSeconds }: DomainTruststoreProperties,
): number {
  const isChanged = requestType === 'Update' && oldProperties['TruststoreVersion'] !== TruststoreVersion;
  return isChanged ? Number(PropagationSeconds) * 1_000 : 0;
}

/** @throws DomainTruststoreError if waiting does not help */
function isInUse(domainName: string, state: DomainNameState, version: string): boolean {
  const { status, statusMessage, truststoreVersion, truststoreWarnings } = state;
  if (status.startsWith('PENDING_')) {
    throw new DomainTruststoreError(
      `domain ${domainName} is ${status} and accepts no truststore until that is resolved` +
        (statusMessage === undefined ? '' : `: ${statusMessage}`),
    );
  }
  if (status !== 'AVAILABLE' || truststoreVersion !== version) return false;
  if (truststoreWarnings.length > 0) {
    throw new DomainTruststoreError(
      `API Gateway warns about the truststore of domain ${domainName} and would refuse some clients: ` +
        truststoreWarnings.join('; '),
    );
  }
  return true;
}

function notInTime(domainName: string, { status, truststoreVersion }: DomainNameState, version: string) {
  return new DomainTruststoreError(
    `domain ${domainName} does not use version ${version} of its truststore yet: it is ${status} and has version ` +
      `${truststoreVersion ?? 'none'}; deploy again when it is AVAILABLE`,
  );
}

function readProperties(properties: ResourceProperties): DomainTruststoreProperties {
  return {
    DomainName: textProperty(properties, 'DomainName', dnsNameProblem),
    TruststoreVersion: textProperty(properties, 'TruststoreVersion', truststoreVersionProblem),
    PropagationSeconds: textProperty(properties, 'PropagationSeconds', propagationProblem),
  };
}

function propagationProblem(seconds: string): string | undefined {
  return /^(0|[1-9]\d{0,2})$/.test(seconds) ? undefined : 'must be whole seconds from 0 to 999';
}

/** https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html */
function truststoreVersionProblem(version: string): string | undefined {
  return /^[\x21-\x7e]{1,64}$/.test(version) ? undefined : 'must have 1 to 64 characters and no spaces';
}
