import type { X509Certificate } from 'node:crypto';
import type { IConstruct } from 'constructs';
import { LARGEST_TRUSTSTORE, subjectKey } from '../../mesh/truststore';
import { readAuthorities } from './authority-certificates';
import { refuse } from './validation';

/** The certificates of a truststore that synthesis knows. The publisher checks all of them. */
export class TruststoreContents {
  /** By subject: the fingerprint of its certificate, and the construct that brought it. */
  private readonly bySubject = new Map<string, { readonly fingerprint: string; readonly path: string }>();
  private size = 0;

  /** Throws if API Gateway would reject the truststore with these certificates. Passes tokens. */
  add(scope: IConstruct, property: string, pem: string): void {
    for (const certificate of readAuthorities(scope, property, pem)) this.addCertificate(scope, property, certificate);
    if (this.size > LARGEST_TRUSTSTORE) {
      refuse(scope, property, `must leave the truststore at most ${LARGEST_TRUSTSTORE} bytes`, `${this.size}`);
    }
  }

  private addCertificate(scope: IConstruct, property: string, certificate: X509Certificate): void {
    const { fingerprint256: fingerprint, subject } = certificate;
    const key = subjectKey(certificate);
    const other = this.bySubject.get(key);
    if (other?.fingerprint === fingerprint) return;
    if (other !== undefined) {
      const rule =
        'must not contain the subject of another certificate in the truststore, because API Gateway accepts one ' +
        'certificate of each subject';
      refuse(scope, property, rule, `${JSON.stringify(subject)}, which is also in ${other.path}`);
    }
    this.bySubject.set(key, { fingerprint, path: scope.node.path });
    this.size += certificate.toString().length;
  }
}
