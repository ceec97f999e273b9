import { useEffect, useRef, useState } from 'preact/hooks';
import type { CertificateView, ClientView } from '../state';
import type { IntendedAction } from './action-dialog';
import { getCertificates } from './api';
import { ActionButtons, STATUS_WORDS } from './clients';
import { type Scale, type Span, scaleOf, Timeline } from './timeline';
import { fullTime } from './times';

interface ClientSheetProps {
  readonly client: ClientView;
  readonly now: string;
  /** Changes when the certificates may have changed. */
  readonly version: number;
  readonly onAction: (action: IntendedAction) => void;
  readonly onClose: () => void;
}

/** A client with the time line of its certificates. */
export function ClientSheet({ client, now, version, onAction, onClose }: ClientSheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [certificates, setCertificates] = useState<readonly CertificateView[]>();
  const [failure, setFailure] = useState<string>();
  const { clientName } = client;
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    getCertificates(clientName).then(
      (found) => {
        setCertificates(found);
        setFailure(undefined);
      },
      ({ message }: Error) => setFailure(message),
    );
  }, [clientName, version]);
  const scale = scaleOf(certificates ?? [], now);

  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="sheet-title" onClose={onClose}>
      <header>
        <h2 id="sheet-title">{clientName}</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      <ClientFacts client={client} />
      <ActionButtons client={client} onAction={onAction} />
      <h3>Certificates</h3>
      {failure && (
        <p class="failure" role="alert">
          {failure}
        </p>
      )}
      {certificates?.length === 0 && <p class="quiet">The mesh has issued none.</p>}
      <ul class="certificates">
        {certificates?.map((certificate) => (
          <Certificate
            key={certificate.fingerprint}
            certificate={certificate}
            scale={scale}
            now={now}
            onRevoke={() => onAction({ verb: 'revoke', client, certificate: idOf(certificate) })}
          />
        ))}
      </ul>
    </dialog>
  );
}

function idOf({ serialNumber, issuer }: CertificateView) {
  return { serialNumber, issuer };
}

function ClientFacts({ client }: { readonly client: ClientView }) {
  const { spiffeId, state, updatedAt, updatedBy, lastRotation, rotationFailure, trustAnchor } = client;
  return (
    <dl>
      <dt>SPIFFE ID</dt>
      <dd>{spiffeId}</dd>
      <dt>State</dt>
      <dd>
        {state === 'ENABLED' ? 'enabled' : 'disabled'} since {fullTime(updatedAt)} by {updatedBy}
      </dd>
      {lastRotation && (
        <>
          <dt>Last rotation</dt>
          <dd>{fullTime(lastRotation)}</dd>
        </>
      )}
      {rotationFailure && (
        <>
          <dt>Rotation failed</dt>
          <dd>
            {fullTime(rotationFailure.failedAt)}: {rotationFailure.reason}
          </dd>
        </>
      )}
      {trustAnchor && (
        <>
          <dt>Trust anchor</dt>
          <dd>
            {trustAnchor.name}, whose first authority expires {fullTime(trustAnchor.notAfter)}
          </dd>
          <dt>Recognized by</dt>
          <dd>
            {trustAnchor.identityKind} {trustAnchor.identityValue}
          </dd>
        </>
      )}
    </dl>
  );
}

interface CertificateProps {
  readonly certificate: CertificateView;
  readonly scale: Scale;
  readonly now: string;
  readonly onRevoke: () => void;
}

function Certificate({ certificate, scale, now, onRevoke }: CertificateProps) {
  const { serialNumber, status, current, issuedAt, issuedBy, requestedBy, notAfter } = certificate;
  const { revokedAt, revokedBy, revocationReason } = certificate;
  return (
    <li>
      <div class="certificate-head">
        <code>{serialNumber}</code>
        <span class={`pill ${TONES[status]}`}>
          {STATUS_WORDS[status]}
          {current && ', current'}
        </span>
        {status !== 'REVOKED' && status !== 'EXPIRED' && (
          <button type="button" aria-label={`Revoke the certificate ${serialNumber}`} onClick={onRevoke}>
            Revoke
          </button>
        )}
      </div>
      <Timeline
        span={spanOf(certificate)}
        scale={scale}
        now={now}
        label={`${STATUS_WORDS[status]}, valid from ${certificate.notBefore} to ${notAfter}`}
      />
      <p class="quiet">
        Issued {fullTime(issuedAt)} by {requestedBy ?? issuedBy}. Expires {fullTime(notAfter)}.
        {revokedAt && ` Revoked ${fullTime(revokedAt)} by ${revokedBy} (${revocationReason}).`}
      </p>
    </li>
  );
}

const TONES: Readonly<Record<CertificateView['status'], string>> = {
  ISSUED: 'good',
  REVOKED: 'bad',
  NOT_YET_VALID: 'warn',
  EXPIRED: '',
  REPLACED: 'warn',
};

function spanOf({ notBefore, notAfter, revokedAt, refuseAfter, status }: CertificateView): Span {
  const tone = status === 'ISSUED' ? 'good' : status === 'REVOKED' ? 'bad' : 'past';
  return { notBefore, notAfter, endedAt: revokedAt ?? refuseAfter, tone };
}
