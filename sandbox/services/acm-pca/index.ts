import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsApi } from '../../endpoint/api';
import { jsonApi } from '../../endpoint/json-protocol';
import type { Service, Surroundings } from '../shared/service';
import { acmPcaOperations } from './operations';
import { acmPcaQuotas } from './quotas';
import { certificateType } from './resources/certificate';
import { certificateAuthorityType } from './resources/certificate-authority';
import { certificateAuthorityActivationType } from './resources/certificate-authority-activation';
import { permissionType } from './resources/permission';
import type { RevocationListSurroundings } from './revocation/revocation-lists';
import { PrivateAuthorities } from './state';

/** The other services that an authority with revocation lists uses. */
export type AcmPcaPorts = Pick<RevocationListSurroundings, 'iam' | 'objects'>;

/** AWS Private CA: authorities, and the certificates that they issue and revoke. Keys exist in memory only. */
export class AcmPcaService implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;

  constructor({ account, clock }: Surroundings, ports: AcmPcaPorts) {
    const authorities = new PrivateAuthorities({ account, clock, ...ports });
    const now = () => clock.now();
    this.resourceTypes = {
      'AWS::ACMPCA::CertificateAuthority': certificateAuthorityType(authorities),
      'AWS::ACMPCA::Certificate': certificateType(authorities, account, now),
      'AWS::ACMPCA::CertificateAuthorityActivation': certificateAuthorityActivationType(authorities),
      'AWS::ACMPCA::Permission': permissionType(authorities),
    };
    this.api = jsonApi({
      signingName: 'acm-pca',
      targetPrefix: 'ACMPrivateCA',
      version: '1.1',
      operations: acmPcaOperations(authorities, account, now),
      quotas: acmPcaQuotas(now),
    });
  }
}
