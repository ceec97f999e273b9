import type { RevocationReason } from '../../../mesh/contract';
import type { ClientView, RevocationRequest } from '../state';

/** The certificate to revoke. */
export type RevokedCertificate = Exclude<RevocationRequest['certificates'], 'all'>;

type Value = Pick<RevocationRequest, 'reason' | 'rotate'>;

/** https://www.rfc-editor.org/rfc/rfc5280#section-5.3.1 */
const REASONS: Readonly<Record<RevocationReason, string>> = {
  KEY_COMPROMISE: 'the key is lost, or somebody else has it',
  SUPERSEDED: 'another certificate has replaced it',
  CESSATION_OF_OPERATION: 'the client is gone',
  PRIVILEGE_WITHDRAWN: 'the client may no longer call',
  AFFILIATION_CHANGED: 'the client belongs to somebody else',
  CERTIFICATE_AUTHORITY_COMPROMISE: 'the key of the authority is lost',
  A_A_COMPROMISE: 'what the certificate says about its holder is wrong',
  UNSPECIFIED: 'none of the others',
};

interface RevocationFieldsProps {
  readonly client: ClientView;
  readonly isDisabled: boolean;
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

/** The reason, which an operator must choose, and whether there is another certificate afterwards. */
export function RevocationFields({ client, isDisabled, value, onChange }: RevocationFieldsProps) {
  const isRotated = client.issuance === 'rotation' && client.state === 'ENABLED';
  return (
    <fieldset disabled={isDisabled}>
      <label>
        Reason
        <select
          required
          value={value.reason}
          onChange={({ currentTarget }) => onChange({ ...value, reason: currentTarget.value })}
        >
          <option value="">Choose a reason</option>
          {Object.entries(REASONS).map(([reason, meaning]) => (
            <option key={reason} value={reason}>
              {reason}: {meaning}
            </option>
          ))}
        </select>
      </label>
      {isRotated && (
        <label class="check">
          <input
            type="checkbox"
            checked={value.rotate}
            onChange={({ currentTarget }) => onChange({ ...value, rotate: currentTarget.checked })}
          />
          Issue another certificate afterwards. Otherwise, {client.clientName} gets none before its next rotation.
        </label>
      )}
    </fieldset>
  );
}
