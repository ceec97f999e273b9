import type { X509Certificate } from 'node:crypto';
import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { PemError, readCertificates } from '../../pki/pem';

/**
 * The certificates in a PEM text, which must all be authorities'. None for a token. Errors never quote the text, which may
 * contain a private key by mistake. The publisher of the truststore reads the text in the same way, and checks the chains.
 *
 * @param source what error messages call the text, such as `the file partner.pem`
 */
export function readAuthorities(
  scope: IConstruct,
  property: string,
  pem: string,
  source?: string,
): readonly X509Certificate[] {
  if (Token.isUnresolved(pem)) return [];
  const refuse = (rule: string, cause?: unknown) => {
    const where = source === undefined ? '' : ` (${source})`;
    return new Error(`${scope.node.path}: ${property} ${rule}${where}`, { cause });
  };
  try {
    const certificates = readCertificates(pem);
    const other = certificates.findIndex(({ ca }) => !ca);
    if (other < 0) return certificates;
    throw refuse(`must contain certificates of authorities only, got another certificate as number ${other + 1}`);
  } catch (error) {
    if (!(error instanceof PemError)) throw error;
    throw refuse(`must be certificates in PEM: ${error.message}`, error);
  }
}
